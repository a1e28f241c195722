using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>The legacy calls (SBI 2.0 §5): one result in a0, a1 kept, hart masks read from the caller's memory.</summary>
[ColdPath]
internal static class SbiLegacy
{
    internal static TrapOutcome Call<TMode, THost, TMmu, TBus>(TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, ref TBus bus)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
        where TBus : struct, IGuestBus<THost>
    {
        var result = 0L;
        switch (v.X[SbiDispatcher.A7])
        {
            case SbiExtension.LegacySetTimer:
                SbiDispatcher.SetTimer(mode, ref host, ref v, v.X[SbiDispatcher.A0]);
                break;
            case SbiExtension.LegacyConsolePutchar:
                SbiConsole.Write(ref host, ref bus, (byte)v.X[SbiDispatcher.A0]);
                break;
            case SbiExtension.LegacyConsoleGetchar:
                result = bus.ConsoleRead(ref host);
                break;
            case SbiExtension.LegacyClearIpi:
                result = (mode.Pending(ref host, v) & Interrupts.Software) != 0 ? 1 : 0;
                mode.SetPending(ref host, ref v, Interrupts.Software, pending: false);
                break;
            case SbiExtension.LegacySendIpi:
            case SbiExtension.LegacyRemoteFenceI:
            case SbiExtension.LegacyRemoteSfenceVma:
            case SbiExtension.LegacyRemoteSfenceVmaAsid:
                switch (ReadMask<THost, TMmu>(ref v, ref mmu, out var mask))
                {
                    case FaultResolution.Mapped:
                        var outcome = CallHarts(mode, ref host, ref v, ref mmu, new HartMask(mask, 0), out var error);
                        if (outcome != TrapOutcome.Advance)
                        {
                            return outcome;
                        }

                        result = (long)error;
                        break;
                    case FaultResolution.Contended:
                        // The guest makes the call again.
                        return TrapOutcome.Resume;
                    default:
                        result = (long)SbiError.InvalidAddress;
                        break;
                }

                break;
            case SbiExtension.LegacyShutdown:
                return GuestStop.AfterEvent(ref v, GuestEvent.Shutdown, 0);
        }

        v.X[SbiDispatcher.A0] = (ulong)result;
        return TrapOutcome.Advance;
    }

    private static TrapOutcome CallHarts<TMode, THost, TMmu>(
        TMode mode, ref THost host, ref VCpu v, ref TMmu mmu, HartMask harts, out SbiError error)
        where TMode : struct, IExecutionMode<THost>
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        switch (v.X[SbiDispatcher.A7])
        {
            case SbiExtension.LegacySendIpi:
                error = SbiInterrupts.Send(mode, ref host, ref v, harts).Error;
                return TrapOutcome.Advance;
            case SbiExtension.LegacyRemoteFenceI:
                return SbiFences.FenceFetches(mode, ref host, ref v, ref mmu, harts, out error);
            default:
                var asid = v.X[SbiDispatcher.A7] == SbiExtension.LegacyRemoteSfenceVmaAsid ? (ushort)v.X[SbiDispatcher.A3] : FenceRange.AnyAsid;
                return SbiFences.Fence(mode, ref host, ref v, ref mmu, harts, v.X[SbiDispatcher.A1], v.X[SbiDispatcher.A2], asid, out error);
        }
    }

    /// <summary>Reads the hart mask that a0 points at, a guest virtual address; a null pointer names every hart.</summary>
    /// <returns>Mapped where it was read.</returns>
    private static FaultResolution ReadMask<THost, TMmu>(ref VCpu v, ref TMmu mmu, out ulong mask)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var address = v.X[SbiDispatcher.A0];
        mask = (1UL << v.GuestHarts) - 1;
        if (address == 0)
        {
            return FaultResolution.Mapped;
        }

        // A mask that is not aligned lies in two doublewords, which may be of two pages: each is asked for by itself.
        const ulong Word = sizeof(ulong);
        var offset = address & (Word - 1);
        var resolution = ReadWord<THost, TMmu>(ref v, ref mmu, address - offset, out mask);
        if (resolution != FaultResolution.Mapped || offset == 0)
        {
            return resolution;
        }

        resolution = ReadWord<THost, TMmu>(ref v, ref mmu, address - offset + Word, out var high);
        var shift = (int)offset * 8;
        mask = (mask >> shift) | (high << (64 - shift));
        return resolution;
    }

    private static FaultResolution ReadWord<THost, TMmu>(ref VCpu v, ref TMmu mmu, ulong address, out ulong word)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        word = 0;
        var resolution = mmu.Translate(address, AccessKind.Load, out var guestAddress);
        return resolution == FaultResolution.Mapped && !v.Memory.TryRead64(guestAddress, out word) ? FaultResolution.GuestAccessFault : resolution;
    }
}
