using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>One command of an SD card that reads or writes blocks, and how far it is: it goes on until the card makes it wait, and later from there.</summary>
[ColdPath]
internal unsafe struct SdTransfer
{
    // What reading and writing may take ("Read, write and erase timeout conditions"), as parts of a second.
    private const uint ReadPart = 10;
    private const uint BusyPart = 2;

    private ulong _deadline;
    private uint _address;
    private ushort _left;
    private ushort _count;
    private byte _command;
    private Phase _phase;

    /// <summary>What is waited for.</summary>
    private enum Phase : byte
    {
        Closed,
        Command,
        Token,
        Written,
        Stopped,
    }

    /// <summary>Whether it is under way.</summary>
    public readonly bool IsOpen => _phase != Phase.Closed;

    /// <summary>How many blocks it has.</summary>
    public readonly uint Count => _count;

    /// <summary>How many of them are still to be moved.</summary>
    public readonly uint Left => _left;

    /// <summary>Begins a transfer; the card is asked by <see cref="Continue"/>.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="card">The card, which is not selected.</param>
    /// <param name="isWrite">Whether it is written.</param>
    /// <param name="sector">The first block.</param>
    /// <param name="count">How many there are, one at least.</param>
    public void Open<THost>(ref THost host, ref SdCard card, bool isWrite, ulong sector, uint count)
        where THost : struct, IMmio
    {
        _address = card.AddressOf(sector);
        _count = (ushort)count;
        _left = _count;
        _command = isWrite ? (count > 1 ? SdCommand.WriteMultiple : SdCommand.WriteSingle) : (count > 1 ? SdCommand.ReadMultiple : SdCommand.ReadSingle);
        Await(Phase.Command);
        card.Select(ref host);
    }

    /// <summary>Goes on, to the end or to where the card is to be waited for. At the end the card is selected no more, and waits for a command, if it can be brought to.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="card">The card.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="data">The data of the whole transfer.</param>
    /// <param name="looks">How many bytes may be spent on waiting; less those that were.</param>
    // SAFETY: the caller has room for all blocks of the transfer, and those left are its last.
    public SdOutcome Continue<THost>(ref THost host, ref SdCard card, uint timebase, byte* data, ref int looks)
        where THost : struct, IMmio, ITime
    {
        var outcome = Advance(ref host, ref card, data, ref looks);
        if (outcome == SdOutcome.Waits && IsLate(ref host, timebase))
        {
            outcome = SdOutcome.Silent;
        }

        switch (outcome)
        {
            case SdOutcome.Waits: return outcome;
            case SdOutcome.Done: card.Deselect(ref host); break;
            default: card.Recover(ref host, _command); break;
        }

        _phase = Phase.Closed;
        return outcome;
    }

    // Each round moves a block, or is one of a few that begin and end.
    private SdOutcome Advance<THost>(ref THost host, ref SdCard card, byte* data, ref int looks)
        where THost : struct, IMmio
    {
        while (true)
        {
            var place = data + ((_count - _left) * SdCard.BlockBytes);
            if (_phase == Phase.Token)
            {
                if (!card.TryHear(ref host, ref looks, out var token))
                {
                    return SdOutcome.Waits;
                }

                if (token != SdCommand.BlockToken || !card.TryReadBlock(ref host, place, SdCard.BlockBytes))
                {
                    return SdOutcome.Refused;
                }

                _left--;
                Await(_left == 0 ? Phase.Stopped : Phase.Token);
                // What it answers is of the block behind the last, which may not be there.
                if (_left == 0 && _count > 1 && card.Command(ref host, SdCommand.Stop, 0) == SdCommand.None)
                {
                    return SdOutcome.Silent;
                }

                continue;
            }

            // Also behind a block that was read: of a line that stays low, all zeros, the sum is right.
            if (!card.IsReady(ref host, ref looks))
            {
                return SdOutcome.Waits;
            }

            if (_phase == Phase.Command)
            {
                if (card.TryStopLate(ref host))
                {
                    Await(Phase.Command);
                    continue;
                }

                var answer = card.Command(ref host, _command, _address);
                if (answer != SdCommand.Ready)
                {
                    return answer == SdCommand.None ? SdOutcome.Silent : SdOutcome.Refused;
                }

                if (_command is SdCommand.ReadSingle or SdCommand.ReadMultiple)
                {
                    Await(Phase.Token);
                    continue;
                }
            }
            else if (_phase == Phase.Stopped || (_left == 0 && _count == 1))
            {
                return _command is SdCommand.ReadSingle or SdCommand.ReadMultiple ? SdOutcome.Done : card.Confirm(ref host);
            }
            else if (_left == 0)
            {
                card.EndBlocks(ref host);
                Await(Phase.Stopped);
                continue;
            }

            var said = card.WriteBlock(ref host, _count > 1 ? SdCommand.NextBlockToken : SdCommand.BlockToken, place);
            if ((said & SdCommand.DataAnswerMask) != SdCommand.DataAccepted)
            {
                return said == SdCommand.None ? SdOutcome.Silent : SdOutcome.Refused;
            }

            _left--;
            Await(Phase.Written);
        }
    }

    private void Await(Phase phase)
    {
        _phase = phase;
        _deadline = 0;
    }

    // The time is not looked at before the card has been waited for in vain: it may cost more than the wait.
    private bool IsLate<THost>(ref THost host, uint timebase)
        where THost : struct, ITime
    {
        var now = host.ReadTime();
        if (_deadline == 0)
        {
            _deadline = now + (timebase / (_phase == Phase.Token ? ReadPart : BusyPart)) + 1;
        }

        return now >= _deadline;
    }
}
