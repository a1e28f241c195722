using System;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Firmware;

/// <summary>
/// SBI 2.0 firmware in C#, so that S-mode payloads run on the reference machine with no M-mode code: legacy calls, BASE, TIME, IPI,
/// RFENCE, HSM, SRST, DBCN.
/// </summary>
/// <param name="machine">The machine whose harts call it.</param>
public sealed class MinimalSbi(Machine machine) : IFirmware
{
    private const ulong Success = 0, Failed = ulong.MaxValue, NotSupported = ulong.MaxValue - 1, InvalidParameter = ulong.MaxValue - 2;
    private const ulong InvalidAddress = ulong.MaxValue - 4, AlreadyAvailable = ulong.MaxValue - 5;
    private const int A0 = 10, A1 = 11, A2 = 12, A3 = 13, A4 = 14, A6 = 16, A7 = 17;

    /// <summary>Calls served.</summary>
    public ulong Calls { get; private set; }

    /// <summary>
    /// Puts every hart into the state in which firmware hands over: hart 0 at an entry in S-mode, the others stopped.
    /// </summary>
    /// <param name="machine">The machine.</param>
    /// <param name="entry">First instruction of the payload.</param>
    /// <param name="argument">a1, the device tree's address.</param>
    /// <returns>The firmware, which every hart has.</returns>
    public static MinimalSbi Start(Machine machine, ulong entry, ulong argument = 0)
    {
        var sbi = new MinimalSbi(machine);
        foreach (var hart in machine.Harts)
        {
            hart.Firmware = sbi;
            hart.WriteCsr(CsrNumber.Medeleg, 0xb1ff);
            hart.WriteCsr(CsrNumber.Mideleg, Interrupts.Supervisor);
            hart.WriteCsr(CsrNumber.Mcounteren, 7);
            hart.WriteCsr(CsrNumber.Menvcfg, hart.Options.Sstc ? 1UL << 63 : 0);
            hart.Stopped = true;
        }

        Enter(machine.Hart, entry, argument);
        return sbi;
    }

    /// <inheritdoc/>
    public void HandleTrap(Hart hart, ulong cause, ulong value)
    {
        if (cause != Cause.SupervisorCall)
        {
            throw new InvalidOperationException($"firmware got trap {cause:x} value {value:x} at {hart.Pc:x}");
        }

        Calls++;
        hart.Pc += 4;
        var extension = hart[A7];
        var function = hart[A6];
        if (extension <= 8)
        {
            Legacy(hart, extension);
            return;
        }

        var (error, result) = extension switch
        {
            0x10 => Base(hart, function),
            0x5449_4d45 when function == 0 => (SetTimer(hart, hart[A0]), 0UL),
            0x73_5049 when function == 0 => (SendIpi(hart[A0], hart[A1]), 0UL),
            0x5246_4e43 => (RemoteFence(hart, function), 0UL),
            0x48_534d => HartState(hart, function),
            0x5352_5354 when function == 0 => (Reset(hart[A0], hart[A1]), 0UL),
            0x4442_434e => DebugConsole(hart, function),
            _ => (NotSupported, 0UL),
        };
        hart[A0] = error;
        hart[A1] = result;
    }

    private static void Enter(Hart hart, ulong entry, ulong argument)
    {
        hart.Mode = PrivilegeLevel.Supervisor;
        hart.WriteCsr(CsrNumber.Satp, 0);
        hart.WriteCsr(CsrNumber.Mstatus, (hart.ReadCsr(CsrNumber.Mstatus) & ~(Status.Sie | Status.Fs)) | Status.FsInitial);
        hart.WriteCsr(CsrNumber.Scounteren, 7);
        hart[A0] = (ulong)hart.Id;
        hart[A1] = argument;
        hart.Pc = entry;
        hart.Stopped = false;
    }

    private (ulong Error, ulong Value) Base(Hart hart, ulong function) => function switch
    {
        0 => (Success, 0x0200_0000),
        1 or 2 => (Success, 0),
        3 => (Success, hart[A0] is 0x10 or 0x5449_4d45 or 0x73_5049 or 0x5246_4e43 or 0x48_534d or 0x5352_5354 or 0x4442_434e or <= 8 ? 1u : 0u),
        4 or 5 or 6 => (Success, 0),
        _ => (NotSupported, 0),
    };

    private static ulong SetTimer(Hart hart, ulong deadline)
    {
        if (hart.Options.Sstc)
        {
            hart.WriteCsr(CsrNumber.Stimecmp, deadline);
        }
        else
        {
            hart.FirmwareTimer = deadline;
        }

        return Success;
    }

    private bool Valid(ulong mask, ulong start)
    {
        if (start == ulong.MaxValue)
        {
            return true;
        }

        for (var i = 0; i < 64; i++)
        {
            if (((mask >> i) & 1) != 0 && start + (ulong)i >= (ulong)machine.Harts.Length)
            {
                return false;
            }
        }

        return true;
    }

    private static bool Selected(Hart hart, ulong mask, ulong start) =>
        start == ulong.MaxValue || ((ulong)hart.Id - start < 64 && ((mask >> (int)((ulong)hart.Id - start)) & 1) != 0);

    private ulong SendIpi(ulong mask, ulong start)
    {
        if (!Valid(mask, start))
        {
            return InvalidParameter;
        }

        foreach (var other in machine.Harts)
        {
            if (Selected(other, mask, start))
            {
                other.RaiseSoftware();
            }
        }

        return Success;
    }

    private ulong RemoteFence(Hart hart, ulong function)
    {
        if (function > 2)
        {
            return NotSupported;
        }

        if (!Valid(hart[A0], hart[A1]))
        {
            return InvalidParameter;
        }

        foreach (var other in machine.Harts)
        {
            if (!Selected(other, hart[A0], hart[A1]))
            {
                continue;
            }

            if (function == 0)
            {
                other.FlushInstructionCache();
                continue;
            }

            ushort? asid = function == 2 ? (ushort)hart[A4] : null;
            var (start, size) = (hart[A2], hart[A3]);
            if ((start == 0 && size == 0) || size == ulong.MaxValue || size > 1 << 20)
            {
                other.Fence(null, asid);
                continue;
            }

            for (var va = start & ~0xfffUL; va - (start & ~0xfffUL) < size + (start & 0xfff); va += 4096)
            {
                other.Fence(va, asid);
            }
        }

        return Success;
    }

    private (ulong Error, ulong Value) HartState(Hart hart, ulong function)
    {
        switch (function)
        {
            case 0:
                if (hart[A0] >= (ulong)machine.Harts.Length)
                {
                    return (InvalidParameter, 0);
                }

                var target = machine.Harts[hart[A0]];
                if (!target.Stopped)
                {
                    return (AlreadyAvailable, 0);
                }

                if (!machine.IsRam(hart[A1], 2))
                {
                    return (InvalidAddress, 0);
                }

                Enter(target, hart[A1], hart[A2]);
                return (Success, 0);
            case 1:
                hart.Stopped = true;
                return (Failed, 0);
            case 2:
                return hart[A0] >= (ulong)machine.Harts.Length ? (InvalidParameter, 0UL) : (Success, machine.Harts[hart[A0]].Stopped ? 1UL : 0);
            case 3 when (uint)hart[A0] == 0:
                hart.Sleep();
                return (Success, 0);
            case 3:
                return (InvalidParameter, 0);
            default:
                return (NotSupported, 0);
        }
    }

    private ulong Reset(ulong type, ulong reason)
    {
        if (type > 2)
        {
            return InvalidParameter;
        }

        machine.End(type != 0 ? TestFinisher.Reset : reason == 1 ? (1u << 16) | TestFinisher.Fail : TestFinisher.Pass);
        return Success;
    }

    private (ulong Error, ulong Value) DebugConsole(Hart hart, ulong function)
    {
        switch (function)
        {
            case 0 or 1:
                var length = Math.Min(hart[A0], 4096);
                if (length > 0 && !machine.IsRam(hart[A1], length))
                {
                    return (InvalidParameter, 0);
                }

                var done = 0UL;
                for (; done < length; done++)
                {
                    ref var cell = ref machine.Memory(hart[A1] + done, 1)[0];
                    if (function == 0)
                    {
                        Write(cell);
                    }
                    else if (machine.Uart.TakeInput() is >= 0 and var input)
                    {
                        cell = (byte)input;
                    }
                    else
                    {
                        break;
                    }
                }

                return (Success, done);
            case 2:
                Write((byte)hart[A0]);
                return (Success, 0);
            default:
                return (NotSupported, 0);
        }
    }

    // As OpenSBI does it on QEMU's virt board.
    private void Write(byte value)
    {
        if (value == '\n')
        {
            machine.Uart.Write((byte)'\r');
        }

        machine.Uart.Write(value);
    }

    private void Legacy(Hart hart, ulong extension)
    {
        var mask = ulong.MaxValue;
        if (extension is 4 or 5 or 6 or 7 && hart[A0] != 0 && !hart.TryRead(hart[A0], 8, out mask))
        {
            hart.Pc -= 4;
            hart.TakeTrap(hart.LastFault.Cause, hart.LastFault.Value);
            return;
        }

        switch (extension)
        {
            case 0: SetTimer(hart, hart[A0]); break;
            case 1: Write((byte)hart[A0]); break;
            case 2: hart[A0] = (ulong)(long)machine.Uart.TakeInput(); return;
            case 3: hart.ClearSoftware(); break;
            case 8: machine.End(TestFinisher.Pass); break;
            default:
                foreach (var other in machine.Harts)
                {
                    if (!Selected(other, mask, 0))
                    {
                        continue;
                    }

                    if (extension == 4)
                    {
                        other.RaiseSoftware();
                    }
                    else if (extension == 5)
                    {
                        other.FlushInstructionCache();
                    }
                    else
                    {
                        other.Fence(null, extension == 7 ? (ushort)hart[A3] : null);
                    }
                }

                break;
        }

        hart[A0] = 0;
    }
}
