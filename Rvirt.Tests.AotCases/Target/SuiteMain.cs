using System;
using System.Runtime.InteropServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Target;

internal static unsafe class SuiteMain
{
    /// <summary>Runs every case with the seed in the first argument; <paramref name="stack"/> is where the kernel left the arguments.</summary>
    [UnmanagedCallersOnly(EntryPoint = "suite_main")]
    public static int Run(long* stack)
    {
        // SAFETY: argc, then argv, as the kernel lays them out; the buffer is as long as said.
        ulong seed = stack[0] > 1 ? Number((byte*)stack[2]) : 0;
        var log = new Log(new Span<byte>(Shell.Buffer(), Shell.BufferSize), seed);
        var runner = default(TargetRunner);
        Suite.Run(ref runner, ref log);
        Shell.Write(Shell.Buffer(), log.Length);
        return 0;
    }

    private static ulong Number(byte* text)
    {
        ulong value = 0;
        for (; *text != 0; text++)
        {
            value = (value * 10) + (ulong)(*text - '0');
        }
        return value;
    }
}
