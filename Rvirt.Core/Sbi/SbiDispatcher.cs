using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>The supervisor binary interface as a guest calls it: extension in a7, function in a6, arguments from a0 (SBI 2.0 §3).</summary>
internal static class SbiDispatcher
{
    internal const int A0 = 10;

    internal const int A1 = 11;

    internal const int A2 = 12;

    internal const int A3 = 13;

    internal const int A4 = 14;

    internal const int A6 = 16;

    internal const int A7 = 17;

    /// <summary>Carries out the call at the guest's <c>ecall</c>.</summary>
    public static TrapOutcome Call<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        var function = v.X[A6];
        SbiResult result;
        switch (v.X[A7])
        {
            case SbiExtension.Time:
                result = function == 0 ? SetTimer(mode, ref host, ref v, v.X[A0]) : NotSupported;
                break;
            case SbiExtension.Ipi:
                result = function == 0 ? SbiInterrupts.Send(mode, ref host, ref v, new HartMask(v.X[A0], v.X[A1])) : NotSupported;
                break;
            case SbiExtension.Rfence:
                return SbiFences.Call(mode, ref host, ref v, ref mmu, function);
            case SbiExtension.Base:
                result = SbiBase.Call(function, v.X[A0]);
                break;
            case SbiExtension.Hsm:
                return SbiHartState.Call(mode, ref host, ref v, function);
            case SbiExtension.Srst:
                return SbiReset.Call(ref v, function);
            case SbiExtension.Susp:
                return SbiSuspend.Call(mode, ref host, ref v, function);
            case SbiExtension.Dbcn:
                result = SbiConsole.Call(ref host, ref v, ref bus, function);
                break;
            case SbiExtension.Pmu:
                result = SbiPmu.Call(ref v, function);
                break;
            case SbiExtension.Counters:
                result = SbiCounters.Call(ref v, function, v.X[A0]);
                break;
            case <= SbiExtension.LegacyShutdown:
                return SbiLegacy.Call(mode, ref host, ref v, ref mmu, ref bus);
            default:
                result = NotSupported;
                break;
        }

        return Return(ref v, result);
    }

    /// <summary>Sets the virtual timer (SBI 2.0 §6.1): the pending interrupt goes away until <paramref name="deadline"/>.</summary>
    internal static SbiResult SetTimer<TMode, THost>(TMode mode, ref THost host, ref VCpu v, ulong deadline)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        v.Counters.TimersSet++;
        if (TrySetTimerGoneBy(mode, ref host, ref v, deadline))
        {
            return SbiResult.Success();
        }

        HartTimer.Set(mode, ref host, ref v, deadline);
        return SbiResult.Success();
    }

    /// <summary>Makes the timer's interrupt pending where its deadline has passed: the host's timer is not needed for that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TrySetTimerGoneBy<TMode, THost>(TMode mode, ref THost host, ref VCpu v, ulong deadline)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
    {
        if (deadline > host.ReadTime())
        {
            return false;
        }

        mode.SetPending(ref host, ref v, Interrupts.Timer, pending: true);
        return true;
    }

    internal static TrapOutcome Return(ref VCpu v, SbiResult result)
    {
        v.X[A0] = (ulong)(long)result.Error;
        v.X[A1] = result.Value;
        return TrapOutcome.Advance;
    }

    internal static SbiResult NotSupported => new(SbiError.NotSupported);
}
