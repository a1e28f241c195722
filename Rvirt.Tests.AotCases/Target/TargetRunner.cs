using System;
using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Target;

/// <summary>Runs cases on riscv64: a panic is written as <c>!kind @address text</c>, and the next round goes on.</summary>
internal unsafe struct TargetRunner : ICaseRunner
{
    private static PanicKind s_kind;
    private static byte* s_what;
    private static ulong s_address;

    public readonly void Run(ReadOnlySpan<byte> name, delegate*<ref Log, void> body, ref Log log, int rounds = 1)
    {
        log.Write(name);
        log.Write(":"u8);
        for (int round = 0; round < rounds; round++)
        {
            int start = log.Length;
            log.Restart(name, round);
            int panicked;
            // SAFETY: the log outlives the call.
            fixed (Log* pointer = &log)
            {
                panicked = Shell.GuardedCall(body, pointer);
            }
            if (panicked != 0)
            {
                log.Truncate(start);
                log.Write(" !"u8);
                log.Write(NameOf(s_kind));
                log.Write(" @"u8);
                log.Add(s_address);
                if (s_what != null)
                {
                    log.Add(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(s_what));
                }
            }
            log.Write(";"u8);
        }
        log.EndLine();
    }

    [UnmanagedCallersOnly(EntryPoint = "rvirt_panic")]
    public static void Panic(PanicKind kind, byte* what, ulong address)
    {
        s_kind = kind;
        s_what = what;
        s_address = address;
        Shell.GuardedAbort();
    }

    private static ReadOnlySpan<byte> NameOf(PanicKind kind) => kind switch
    {
        PanicKind.IndexOutOfRange => "IndexOutOfRange"u8,
        PanicKind.NullReference => "NullReference"u8,
        PanicKind.DivideByZero => "DivideByZero"u8,
        PanicKind.Overflow => "Overflow"u8,
        PanicKind.Exception => "Exception"u8,
        PanicKind.Unreachable => "Unreachable"u8,
        _ => "?"u8,
    };
}
