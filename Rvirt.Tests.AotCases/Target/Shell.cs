using System;
using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Target;

/// <summary>What <c>Start.S</c> offers.</summary>
public static unsafe class Shell
{
    /// <summary>Bytes of output a run can make; the assembly gets the same number.</summary>
    public const int BufferSize = 4 << 20;

    [LinkerSymbol("suite_buffer")]
    public static extern byte* Buffer();

    [DllImport("*", EntryPoint = "suite_write")]
    public static extern void Write(byte* bytes, long count);

    [DllImport("*", EntryPoint = "guarded_call")]
    public static extern int GuardedCall(delegate*<ref Log, void> body, Log* log);

    [DllImport("*", EntryPoint = "guarded_abort")]
    public static extern void GuardedAbort();
}
