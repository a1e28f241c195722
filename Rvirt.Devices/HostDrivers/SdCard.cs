using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>An SD card on an SPI controller: commands, blocks and their checksums. Each step is bounded, and nothing here waits for the card any longer.</summary>
/// <remarks>The card stays selected from <see cref="Select"/> to <see cref="Deselect"/>. Section names are those of the SD Physical Layer Simplified Specification.</remarks>
[ColdPath]
internal unsafe partial struct SdCard
{
    /// <summary>Bytes of a block of data, whatever the card.</summary>
    public const int BlockBytes = 512;

    // A line that nobody pulls low; and what the host sends when it has nothing to say.
    private const byte Ones = 0xff;

    // An answer comes within eight bytes (N_CR, "Timing values"); that to a block at once, but here the same is allowed.
    private const int AnswerLooks = 9;

    private SiFiveSpi _spi;
    private ulong _sectors;
    private bool _hasBlockAddresses;
    private bool _isReadOnly;
    private bool _owesStop;

    /// <summary>How many blocks it has.</summary>
    public readonly ulong Sectors => _sectors;

    /// <summary>Whether it says that it is write-protected.</summary>
    public readonly bool IsReadOnly => _isReadOnly;

    /// <summary>Whether its controller gave up: the card can be reached no more.</summary>
    public readonly bool IsLost => _spi.IsStuck;

    /// <summary>The address of a block, as commands have it.</summary>
    public readonly uint AddressOf(ulong sector) => (uint)(_hasBlockAddresses ? sector : sector * BlockBytes);

    /// <summary>Selects the card.</summary>
    public readonly void Select<THost>(ref THost host)
        where THost : struct, IMmio =>
        _spi.Select(ref host);

    /// <summary>Leaves the card alone; the byte more is for it to leave the line.</summary>
    public void Deselect<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _spi.Deselect(ref host);
        _spi.Exchange(ref host, Ones);
    }

    /// <summary>Looks for the end of what keeps the card busy.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="looks">How many bytes may be spent; less those that were.</param>
    /// <returns>False where it is still busy.</returns>
    public bool IsReady<THost>(ref THost host, ref int looks)
        where THost : struct, IMmio
    {
        while (looks > 0)
        {
            if (_spi.Exchange(ref host, Ones) == Ones)
            {
                return true;
            }

            looks--;
        }

        return false;
    }

    /// <summary>Looks for the card to say something.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="looks">How many bytes may be spent; less those that were.</param>
    /// <param name="value">What it says.</param>
    /// <returns>False where it said nothing so far.</returns>
    public bool TryHear<THost>(ref THost host, ref int looks, out byte value)
        where THost : struct, IMmio
    {
        value = Ones;
        while (looks > 0 && value == Ones)
        {
            value = _spi.Exchange(ref host, Ones);
            looks -= value == Ones ? 1 : 0;
        }

        return value != Ones;
    }

    /// <summary>Gives a command to a card that is selected and ready.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="number">An <see cref="SdCommand"/>.</param>
    /// <param name="argument">Its argument.</param>
    /// <returns>R1; <see cref="SdCommand.None"/> where none came.</returns>
    public byte Command<THost>(ref THost host, byte number, uint argument)
        where THost : struct, IMmio
    {
        // "Command format": 01, the number, the argument, the checksum, 1.
        var words = ((ulong)(0x40u | number) << 32) | argument;
        var sum = 0u;
        for (var shift = 32; shift >= 0; shift -= 8)
        {
            var value = (byte)(words >> shift);
            sum = SdChecksum.AddToCommand(sum, value);
            _spi.Push(ref host, value);
        }

        _spi.Push(ref host, (byte)(sum | 1));
        // "Multiple block read": of the byte behind the command that stops it, the card says nothing.
        var dropped = 6;
        if (number == SdCommand.Stop)
        {
            _spi.Push(ref host, Ones);
            dropped++;
        }

        for (; dropped > 0; dropped--)
        {
            _spi.Pull(ref host);
        }

        for (var looks = AnswerLooks; looks > 0; looks--)
        {
            var answer = _spi.Exchange(ref host, Ones);
            if ((answer & 0x80) == 0)
            {
                return answer;
            }
        }

        return SdCommand.None;
    }

    /// <summary>Reads a block whose token has come.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="to">Room for it; anything may be there where it was wrong.</param>
    /// <param name="bytes">Its bytes, eight at least.</param>
    /// <returns>Whether the checksum behind it is its own.</returns>
    // SAFETY: the caller's room is of that many bytes.
    public bool TryReadBlock<THost>(ref THost host, byte* to, int bytes)
        where THost : struct, IMmio
    {
        // The FIFOs are kept full: the wire does not wait for a sum. Two bytes more are the checksum.
        for (var i = 0; i < SiFiveSpi.Depth; i++)
        {
            _spi.Push(ref host, Ones);
        }

        var sum = 0u;
        for (var i = 0; i < bytes; i++)
        {
            var value = _spi.Pull(ref host);
            if (i + SiFiveSpi.Depth < bytes + 2)
            {
                _spi.Push(ref host, Ones);
            }

            to[i] = value;
            sum = SdChecksum.AddToBlock(sum, value);
        }

        var high = _spi.Pull(ref host);
        return sum == (((uint)high << 8) | _spi.Pull(ref host));
    }

    /// <summary>Writes a block to a card that waits for it.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="token">The byte before it.</param>
    /// <param name="from">Its <see cref="BlockBytes"/> bytes, each of which is read once.</param>
    /// <returns>What the card says of it; <see cref="SdCommand.None"/> where it says nothing.</returns>
    // SAFETY: the caller's block is of that size.
    public byte WriteBlock<THost>(ref THost host, byte token, byte* from)
        where THost : struct, IMmio
    {
        // At least one byte stands before the token (N_WR).
        _spi.Push(ref host, Ones);
        _spi.Push(ref host, token);
        var sum = 0u;
        for (var i = 0; i < BlockBytes; i++)
        {
            if (i >= SiFiveSpi.Depth - 2)
            {
                _spi.Pull(ref host);
            }

            var value = from[i];
            _spi.Push(ref host, value);
            sum = SdChecksum.AddToBlock(sum, value);
        }

        _spi.Pull(ref host);
        _spi.Push(ref host, (byte)(sum >> 8));
        _spi.Pull(ref host);
        _spi.Push(ref host, (byte)sum);
        for (var i = 0; i < SiFiveSpi.Depth; i++)
        {
            _spi.Pull(ref host);
        }

        var looks = AnswerLooks;
        return TryHear(ref host, ref looks, out var answer) ? answer : SdCommand.None;
    }

    /// <summary>Tells a card that no block comes any more.</summary>
    public void EndBlocks<THost>(ref THost host)
        where THost : struct, IMmio
    {
        _spi.Push(ref host, Ones);
        _spi.Push(ref host, SdCommand.EndToken);
        // It is busy one byte later (N_BR).
        _spi.Push(ref host, Ones);
        _spi.Pull(ref host);
        _spi.Pull(ref host);
        _spi.Pull(ref host);
    }

    /// <summary>Asks a card that is ready whether it still is the one that was started: a line that nobody pulls low looks like a card that is not busy.</summary>
    public SdOutcome Confirm<THost>(ref THost host)
        where THost : struct, IMmio
    {
        var answer = Command(ref host, SdCommand.ReadOperatingConditions, 0);
        if (answer == SdCommand.None)
        {
            return SdOutcome.Silent;
        }

        return IsAwake(answer, ReadWord(ref host)) ? SdOutcome.Done : SdOutcome.Refused;
    }

    /// <summary>Ends what a card had open that was too busy to be told, now that it is ready.</summary>
    /// <returns>False where it had nothing open.</returns>
    public bool TryStopLate<THost>(ref THost host)
        where THost : struct, IMmio
    {
        if (!_owesStop)
        {
            return false;
        }

        _owesStop = false;
        Command(ref host, SdCommand.Stop, 0);
        return true;
    }

    /// <summary>Brings the card back to where it waits for a command, as far as it lets itself: once, whatever comes of it. It is selected no more.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="command">The command that went wrong.</param>
    public void Recover<THost>(ref THost host, byte command)
        where THost : struct, IMmio
    {
        var looks = AnswerLooks;
        // What reads goes on reading until it is stopped; so does what writes, where a block was not accepted, but a busy card hears no command.
        if (command == SdCommand.WriteMultiple)
        {
            _owesStop = !IsReady(ref host, ref looks);
        }

        if (command == SdCommand.ReadMultiple || (command == SdCommand.WriteMultiple && !_owesStop))
        {
            Command(ref host, SdCommand.Stop, 0);
        }

        for (var clocks = AnswerLooks; clocks > 0; clocks--)
        {
            Deselect(ref host);
        }
    }

    // There are cards that always call themselves idle in this answer. Whether they are, the conditions say.
    private static bool IsAwake(byte answer, uint conditions) =>
        (answer & ~SdCommand.Idle) == SdCommand.Ready && (conditions & (SdCommand.PoweredUp | SdCommand.UltraCapacity)) == SdCommand.PoweredUp;

    private uint ReadWord<THost>(ref THost host)
        where THost : struct, IMmio
    {
        var word = 0u;
        for (var i = 0; i < sizeof(uint); i++)
        {
            word = (word << 8) | _spi.Exchange(ref host, Ones);
        }

        return word;
    }
}
