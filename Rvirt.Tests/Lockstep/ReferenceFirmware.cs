using System;
using System.Collections.Generic;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Lockstep;

/// <summary>The machine mode under the reference: the SBI calls that change what a hart does next (SBI 2.0 §6 to §8), for one hart.</summary>
/// <remarks>What a call does to other harts is kept until the step that made it counts.</remarks>
public sealed class ReferenceFirmware : IFirmware
{
    private const int A0 = 10, A1 = 11, A2 = 12, A3 = 13, A4 = 14, A6 = 16, A7 = 17;
    private const ulong NotSupported = ulong.MaxValue - 1, InvalidParameter = ulong.MaxValue - 2, InvalidAddress = ulong.MaxValue - 4;
    private ulong _interrupts;

    private const ulong Time = 0x5449_4d45, Ipi = 0x73_5049, RemoteFence = 0x5246_4e43;

    /// <summary>Whether a call belongs to an extension that is not compared here: its numbers, consoles, hart states and resets have tests of their own.</summary>
    public static bool IsLeftOut(ulong extension) => extension is (> 0 and <= 0x10) or 0x48_534d or 0x5352_5354 or 0x4442_434e;

    /// <summary>When the timer interrupt is to become pending; all ones: never. It does at a boundary that both machines see.</summary>
    public ulong Deadline { get; set; } = ulong.MaxValue;

    /// <summary>Fences of other harts that were asked for.</summary>
    public List<(int Hart, ulong? Address, ushort? Asid)> RemoteFences { get; } = [];

    /// <summary>Takes the interrupt that was sent to another hart, if one was.</summary>
    public bool TakeInterrupt(int hart)
    {
        var sent = (_interrupts >> hart) & 1;
        _interrupts &= ~(1UL << hart);
        return sent != 0;
    }

    /// <summary>Nothing was asked of other harts.</summary>
    public void Forget()
    {
        _interrupts = 0;
        RemoteFences.Clear();
    }

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

    private ulong SendIpi(Hart hart)
    {
        if (!IsMask(hart))
        {
            return InvalidParameter;
        }

        var named = Named(hart);
        if (((named >> hart.Id) & 1) != 0)
        {
            hart.RaiseSoftware();
        }

        _interrupts |= named & ~(1UL << hart.Id);

        return 0;
    }

    private ulong Fence(Hart hart)
    {
        if (!IsMask(hart))
        {
            return InvalidParameter;
        }

        if (hart[A6] == 0)
        {
            return 0;
        }

        var (start, size) = (hart[A2], hart[A3]);
        ushort? asid = hart[A6] == 2 ? (ushort)hart[A4] : null;
        if (size == ulong.MaxValue || (start == 0 && size == 0))
        {
            Fence(hart, null, asid);
            return 0;
        }

        if ((UInt128)start + size > (UInt128)1 << 64)
        {
            return InvalidAddress;
        }

        // Of a large range only the first part is asserted: a hart may always fence more.
        for (var page = start >> 12; size != 0 && page <= (start + size - 1) >> 12 && page - (start >> 12) < 64; page++)
        {
            Fence(hart, page << 12, asid);
        }

        return 0;
    }

    private void Fence(Hart hart, ulong? address, ushort? asid)
    {
        var named = Named(hart);
        for (var target = 0; target < hart.Machine.Harts.Length; target++)
        {
            if (((named >> target) & 1) == 0)
            {
                continue;
            }

            if (target == hart.Id)
            {
                hart.Fence(address, asid);
            }
            else
            {
                RemoteFences.Add((target, address, asid));
            }
        }
    }

    private static bool IsMask(Hart hart)
    {
        var harts = hart.Machine.Harts.Length;
        return hart[A1] == ulong.MaxValue || (hart[A1] < (ulong)harts && hart[A0] >> (harts - (int)hart[A1]) == 0);
    }

    private static ulong Named(Hart hart) => hart[A1] == ulong.MaxValue ? (1UL << hart.Machine.Harts.Length) - 1 : hart[A0] << (int)hart[A1];
}
