using System;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <content>How a card is found, made ready and measured ("SPI mode initialization flow").</content>
internal unsafe partial struct SdCard
{
    // The identification mode's fastest clock.
    private const uint SlowHertz = 400_000;

    // 74 clocks at least, with no card selected.
    private const int PowerUpBytes = 10;

    private const int ResetTries = 16;
    private const int ReadyLooks = 256;
    private const int ReadTries = 2;

    // No card has more: of blocks, what commands can address; of bytes, what version 1 of the card-specific data can say.
    private const ulong BlocksMax = 1UL << 32;
    private const ulong BytesMax = 1UL << 32;

    /// <summary>What is where a card is looked at for its size.</summary>
    private enum Place : byte
    {
        Unknown,
        Inside,
        Outside,
    }

    /// <summary>Starts the card; it is not selected then.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="registers">The controller's registers.</param>
    /// <param name="line">The card's select line.</param>
    /// <param name="hertz">The fastest clock, in Hz, once it is known.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="scratch">Room for a block.</param>
    /// <returns>False where there is none, or one that cannot be driven: an MMC, one of more than 2 TiB, one that breaks its rules.</returns>
    // SAFETY: the caller's room is that of a block.
    public bool TryStart<THost>(ref THost host, ulong registers, uint line, uint hertz, uint timebase, byte* scratch)
        where THost : struct, IMmio, ITime
    {
        this = default;
        _spi.Start(ref host, registers, line);
        if (_spi.IsStuck)
        {
            return false;
        }

        _spi.SetClock(ref host, Math.Min(hertz, SlowHertz));
        for (var i = 0; i < PowerUpBytes; i++)
        {
            _spi.Exchange(ref host, Ones);
        }

        // A byte that firmware had under way is here by now.
        _spi.Drain(ref host);
        var found = TryIdentify(ref host, timebase);
        Deselect(ref host);
        if (found)
        {
            _spi.SetClock(ref host, hertz);
            found = TryMeasure(ref host, timebase, scratch);
            Deselect(ref host);
        }

        return found && !IsLost;
    }

    private bool TryIdentify<THost>(ref THost host, uint timebase)
        where THost : struct, IMmio, ITime
    {
        var tries = ResetTries;
        while (Ask(ref host, SdCommand.GoIdle, 0) != SdCommand.Idle)
        {
            if (--tries == 0 || IsLost)
            {
                return false;
            }
        }

        // A card of version 1 does not know the question, and is never one of high capacity.
        var answer = Ask(ref host, SdCommand.SendInterfaceCondition, SdCommand.InterfaceCondition);
        var isOld = answer == (SdCommand.Idle | SdCommand.Illegal);
        if (!isOld && (answer != SdCommand.Idle || (ReadWord(ref host) & SdCommand.InterfaceConditionMask) != SdCommand.InterfaceCondition))
        {
            return false;
        }

        // One that cannot check what it gets still sends checksums of what it has.
        answer = Ask(ref host, SdCommand.CheckSums, 1);
        if ((answer & ~SdCommand.Illegal) != SdCommand.Idle || !TryWake(ref host, isOld ? 0 : SdCommand.HighCapacityHost, timebase))
        {
            return false;
        }

        answer = Ask(ref host, SdCommand.ReadOperatingConditions, 0);
        var conditions = ReadWord(ref host);
        _hasBlockAddresses = (conditions & SdCommand.BlockAddresses) != 0;
        return IsAwake(answer, conditions) && !(isOld && _hasBlockAddresses);
    }

    // A second at most. An MMC does not know the question.
    private bool TryWake<THost>(ref THost host, uint argument, uint timebase)
        where THost : struct, IMmio, ITime
    {
        var end = host.ReadTime() + timebase;
        do
        {
            if ((Ask(ref host, SdCommand.Application, 0) & ~SdCommand.Idle) != SdCommand.Ready)
            {
                return false;
            }

            var answer = Ask(ref host, SdCommand.SendOperatingCondition, argument);
            if (answer != SdCommand.Idle)
            {
                return answer == SdCommand.Ready;
            }
        }
        while (host.ReadTime() < end && !IsLost);

        return false;
    }

    // By what the card says of itself; one that does not say it is tried out.
    private bool TryMeasure<THost>(ref THost host, uint timebase, byte* scratch)
        where THost : struct, IMmio, ITime
    {
        var isSaid = false;
        for (var tries = ReadTries; tries > 0 && !isSaid; tries--)
        {
            isSaid = Ask(ref host, SdCommand.SendCardData, 0) == SdCommand.Ready && AwaitToken(ref host, timebase) == SdCommand.BlockToken
                && TryReadBlock(ref host, scratch, SdCommand.CardDataBytes);
        }

        if (isSaid ? !TryUseCardData(new ReadOnlySpan<byte>(scratch, SdCommand.CardDataBytes)) : !TryFindEnd(ref host, timebase, scratch))
        {
            return false;
        }

        if (!_hasBlockAddresses)
        {
            // Cards that were told before, or that have no other length, may refuse.
            Ask(ref host, SdCommand.SetBlockLength, BlockBytes);
        }

        return true;
    }

    // "CSD register", versions 1 and 2; of version 3 are cards of more than 2 TiB.
    private bool TryUseCardData(ReadOnlySpan<byte> data)
    {
        var version = data[0] >> 6;
        _isReadOnly = (data[14] & 0x30) != 0;
        if (version == 1)
        {
            _sectors = ((((ulong)data[7] & 0x3f) << 16) + ((ulong)data[8] << 8) + data[9] + 1) << 10;
            return _hasBlockAddresses;
        }

        var lengthShift = data[5] & 0xf;
        var units = (((uint)data[6] & 3) << 10) + ((uint)data[7] << 2) + ((uint)data[8] >> 6) + 1;
        var unitShift = (((data[9] & 3) << 1) | (data[10] >> 7)) + 2;
        _sectors = ((ulong)units << (unitShift + lengthShift)) / BlockBytes;
        return version == 0 && !_hasBlockAddresses && lengthShift is >= 9 and <= 11;
    }

    // Halves what can be, by reading: the first block is there, and that behind the last is not.
    private bool TryFindEnd<THost>(ref THost host, uint timebase, byte* scratch)
        where THost : struct, IMmio, ITime
    {
        var inside = 0UL;
        var outside = _hasBlockAddresses ? BlocksMax : BytesMax / BlockBytes;
        if (Try(ref host, inside, timebase, scratch) != Place.Inside)
        {
            return false;
        }

        while (outside - inside > 1)
        {
            var middle = inside + ((outside - inside) / 2);
            switch (Try(ref host, middle, timebase, scratch))
            {
                case Place.Inside: inside = middle; break;
                case Place.Outside: outside = middle; break;
                default: return false;
            }
        }

        _sectors = outside;
        return true;
    }

    private Place Try<THost>(ref THost host, ulong sector, uint timebase, byte* scratch)
        where THost : struct, IMmio, ITime
    {
        for (var tries = ReadTries; tries > 0 && !IsLost; tries--)
        {
            var answer = Ask(ref host, SdCommand.ReadSingle, AddressOf(sector));
            if (answer != SdCommand.Ready)
            {
                return answer != SdCommand.None && (answer & SdCommand.BadAddress) != 0 ? Place.Outside : Place.Unknown;
            }

            var token = AwaitToken(ref host, timebase);
            if (token != SdCommand.BlockToken)
            {
                return (token & SdCommand.ErrorTokenMask) == 0 && (token & SdCommand.OutOfRange) != 0 ? Place.Outside : Place.Unknown;
            }

            if (TryReadBlock(ref host, scratch, BlockBytes))
            {
                return Place.Inside;
            }
        }

        return Place.Unknown;
    }

    // A tenth of a second, which is what reading may take.
    private byte AwaitToken<THost>(ref THost host, uint timebase)
        where THost : struct, IMmio, ITime
    {
        var end = host.ReadTime() + (timebase / 10) + 1;
        byte token;
        bool heard;
        do
        {
            var looks = ReadyLooks;
            heard = TryHear(ref host, ref looks, out token);
        }
        while (!heard && host.ReadTime() < end && !IsLost);

        return token;
    }

    // The card is selected anew for each command: one that stays is not heard before.
    private byte Ask<THost>(ref THost host, byte number, uint argument)
        where THost : struct, IMmio
    {
        Deselect(ref host);
        Select(ref host);
        var looks = ReadyLooks;
        return IsReady(ref host, ref looks) || number == SdCommand.GoIdle ? Command(ref host, number, argument) : SdCommand.None;
    }
}
