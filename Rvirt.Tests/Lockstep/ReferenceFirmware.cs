using System;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The machine mode under the reference: the SBI calls that change what a hart does next (SBI 2.0 §6 to §8), for one hart.</summary>
public sealed class ReferenceFirmware : IFirmware
{
    private const int A0 = 10, A1 = 11, A2 = 12, A3 = 13, A4 = 14, A6 = 16, A7 = 17;
    private const ulong NotSupported = ulong.MaxValue - 1, InvalidParameter = ulong.MaxValue - 2, InvalidAddress = ulong.MaxValue - 4;
    private const ulong Time = 0x5449_4d45, Ipi = 0x73_5049, RemoteFence = 0x5246_4e43;

    /// <summary>Whether a call belongs to an extension that is not compared here: its numbers, consoles, hart states and resets have tests of their own.</summary>
    public static bool IsLeftOut(ulong extension) => extension is (> 0 and <= 0x10) or 0x48_534d or 0x5352_5354 or 0x4442_434e;

    /// <summary>When the timer interrupt is to become pending; all ones: never. It does at a boundary that both machines see.</summary>
    public ulong Deadline { get; set; } = ulong.MaxValue;

    public void HandleTrap(Hart hart, ulong cause, ulong value)
    {
        if (cause != Cause.SupervisorCall)
        {
            throw new InvalidOperationException($"machine mode got trap {cause:x} value {value:x} at {hart.Pc:x}");
        }

        hart.Pc += 4;
        if (hart[A7] == 0)
        {
            hart[A0] = SetTimer(hart);
            return;
        }

        hart[A0] = hart[A7] switch
        {
            Time when hart[A6] == 0 => SetTimer(hart),
            Ipi when hart[A6] == 0 => SendIpi(hart),
            RemoteFence when hart[A6] <= 2 => Fence(hart),
            _ => NotSupported,
        };
        hart[A1] = 0;
    }

    private ulong SetTimer(Hart hart)
    {
        // Takes the pending interrupt away, unless it is due at once.
        var due = hart[A0] <= hart.ReadCsr(CsrNumber.Time);
        Deadline = due ? ulong.MaxValue : hart[A0];
        hart.FirmwareTimer = due ? 0 : ulong.MaxValue;
        hart.UpdateTimers();
        return 0;
    }

    private static ulong SendIpi(Hart hart)
    {
        if (!IsMask(hart))
        {
            return InvalidParameter;
        }

        if (NamesHart(hart))
        {
            hart.RaiseSoftware();
        }

        return 0;
    }

    private static ulong Fence(Hart hart)
    {
        if (!IsMask(hart))
        {
            return InvalidParameter;
        }

        if (hart[A6] == 0 || !NamesHart(hart))
        {
            return 0;
        }

        var (start, size) = (hart[A2], hart[A3]);
        ushort? asid = hart[A6] == 2 ? (ushort)hart[A4] : null;
        if (size == ulong.MaxValue || (start == 0 && size == 0))
        {
            hart.Fence(null, asid);
            return 0;
        }

        if ((UInt128)start + size > (UInt128)1 << 64)
        {
            return InvalidAddress;
        }

        // Of a large range only the first part is asserted: a hart may always fence more.
        for (var page = start >> 12; size != 0 && page <= (start + size - 1) >> 12 && page - (start >> 12) < 64; page++)
        {
            hart.Fence(page << 12, asid);
        }

        return 0;
    }

    private static bool IsMask(Hart hart) => hart[A1] == ulong.MaxValue || (hart[A1] == 0 && hart[A0] <= 1);

    private static bool NamesHart(Hart hart) => hart[A1] == ulong.MaxValue || hart[A0] == 1;
}
