using System;
using System.Collections.Generic;
using System.Linq;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>
/// An SD card in SPI mode, as the SD Physical Layer Simplified Specification has it, from power on. What a host must not do is an
/// <see cref="InvalidOperationException"/>; what a card may do, or must not do and does, is switched on by the test.
/// </summary>
internal sealed class SdCardModel(SdCardModel.Kind kind, ulong blocks) : SiFiveSpiModel.IDevice
{
    public const int Never = int.MaxValue;

    private readonly Queue<byte> _out = new();
    private readonly List<byte> _command = [];
    private readonly List<byte> _block = [];
    private readonly Dictionary<ulong, byte[]> _store = [];
    private readonly List<(ulong Block, byte[] Data)> _pending = [];

    private Mode _mode;
    private bool _isInSpiMode, _isReady, _isApplication, _isMultiple, _hasToken, _isBehindEnd;
    private int _clocks, _rounds, _gap, _wait, _busy;
    private ulong _next;

    internal enum Kind
    {
        /// <summary>Version 1: byte addresses.</summary>
        Old,

        /// <summary>Version 2 with byte addresses.</summary>
        Standard,

        /// <summary>Version 2 with block addresses.</summary>
        High,

        /// <summary>More than 2 TiB.</summary>
        Ultra,

        /// <summary>No SD card.</summary>
        Mmc,
    }

    internal enum CardData
    {
        Right,

        /// <summary>The command is answered, and nothing follows.</summary>
        Missing,

        /// <summary>The command is not known.</summary>
        Unknown,

        /// <summary>The sum is always wrong.</summary>
        Spoilt,
    }

    private enum Mode
    {
        Waiting,
        Reading,
        Writing,
    }

    /// <summary>Each command, with its argument.</summary>
    public List<(int Number, uint Argument)> Commands { get; } = [];

    /// <summary>Bytes before an answer: 1 to 8.</summary>
    public int AnswerDelay { get; set; } = 1;

    /// <summary>Bytes before a block.</summary>
    public int TokenDelay { get; set; } = 1;

    /// <summary>Bytes that it is busy with a block, or with a command that ends several.</summary>
    public int Busy { get; set; } = 3;

    /// <summary>How often it is asked before it is ready.</summary>
    public int Rounds { get; set; } = 2;

    /// <summary>How many blocks are to have a wrong sum.</summary>
    public int BadSums { get; set; }

    /// <summary>How many blocks are to be replaced by a token, and by which.</summary>
    public (int Count, byte Token) Errors { get; set; }

    /// <summary>How many blocks that are written are to be refused, and with which answer.</summary>
    public (int Count, byte Answer) Refusals { get; set; }

    /// <summary>How many commands are to have no effect and no answer.</summary>
    public int Unheard { get; set; }

    /// <summary>How many commands are to be answered with an error, and with which.</summary>
    public (int Count, byte Answer) Mishearings { get; set; }

    /// <summary>Bytes until the card is pulled.</summary>
    public int PulledAfter { get; set; } = Never;

    /// <summary>What is on the line without a card.</summary>
    public byte Line { get; set; } = 0xff;

    /// <summary>R1 of what is behind the end; 0: a token says it.</summary>
    public byte BehindEnd { get; set; } = 0x40;

    public bool KnowsCheckSums { get; set; } = true;

    /// <summary>It says that it is idle where it is asked for its conditions, as QEMU's does.</summary>
    public bool SaysIdle { get; set; }

    public bool KnowsBlockLength { get; set; } = true;

    public CardData Description { get; set; }

    /// <summary>How many blocks it says that it has, if not as many as it has.</summary>
    public ulong? Claimed { get; set; }

    /// <summary>The two bits of write protection that it says.</summary>
    public byte Protection { get; set; }

    public uint Echo { get; set; } = 0x1aa;

    /// <summary>The version of its description, if another than its own.</summary>
    public int? Version { get; set; }

    /// <summary>Whether it waits for a command: nothing is open, and it is not busy.</summary>
    public bool IsIdle => _mode == Mode.Waiting && _busy == 0;

    private bool HasByteAddresses => kind is Kind.Old or Kind.Standard or Kind.Mmc;

    /// <summary>What a block holds, written for good.</summary>
    public byte[] this[ulong block]
    {
        get => _store.TryGetValue(block, out var data) ? data : new byte[512];
        set => _store[block] = value;
    }

    /// <summary>What it was busy with for ever ends.</summary>
    public void Release() => _busy = Math.Min(_busy, 1);

    public void Deselect()
    {
        // What it had to say is over; what it has open is not.
        _out.Clear();
        _command.Clear();
        _block.Clear();
        _hasToken = false;
        _wait = _mode == Mode.Reading && _wait != Never ? TokenDelay : _wait;
        if (!_isMultiple)
        {
            _mode = Mode.Waiting;
        }
    }

    public byte Exchange(bool selected, byte value, uint hertz)
    {
        Expect(hertz <= (_isReady ? 25_000_000 : 400_000), $"a clock of {hertz} Hz");
        if (PulledAfter != Never && --PulledAfter < 0)
        {
            PulledAfter = 0;
            return Line;
        }

        if (!selected)
        {
            Expect(value == 0xff, "data for a card that is not selected");
            _clocks += 8;
            return 0xff;
        }

        Expect(_isInSpiMode || _clocks >= 74, "no clocks before the first command");
        var answer = Next();
        Take(value);
        return answer;
    }

    public static ushort SumOf(IEnumerable<byte> data)
    {
        var sum = 0;
        foreach (var value in data)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                var carry = ((sum >> 15) ^ (value >> bit)) & 1;
                sum = ((sum << 1) & 0xffff) ^ (carry == 1 ? 0x1021 : 0);
            }
        }

        return (ushort)sum;
    }

    private static byte SumOfCommand(IEnumerable<byte> data)
    {
        var sum = 0;
        foreach (var value in data)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                var carry = ((sum >> 6) ^ (value >> bit)) & 1;
                sum = ((sum << 1) & 0x7f) ^ (carry == 1 ? 0x09 : 0);
            }
        }

        return (byte)((sum << 1) | 1);
    }

    private byte Next()
    {
        if (_out.TryDequeue(out var value))
        {
            return value;
        }

        if (_busy != 0)
        {
            _busy -= _busy == Never ? 0 : 1;
            if (_busy == 0)
            {
                _pending.ForEach(write => _store[write.Block] = write.Data);
                _pending.Clear();
            }

            return 0x00;
        }

        if (_mode != Mode.Reading || _isBehindEnd)
        {
            return 0xff;
        }

        if (_wait != 0)
        {
            _wait -= _wait == Never ? 0 : 1;
            return 0xff;
        }

        SendBlock();
        return _out.Dequeue();
    }

    private void SendBlock()
    {
        _wait = TokenDelay;
        if (!_isMultiple)
        {
            _mode = Mode.Waiting;
        }

        if (_next >= blocks || Errors.Count > 0)
        {
            _isBehindEnd = true;
            _out.Enqueue(_next >= blocks ? (byte)0x08 : Errors.Token);
            Errors = _next >= blocks ? Errors : (Errors.Count - 1, Errors.Token);
            return;
        }

        Send(this[_next++]);
    }

    private void Send(byte[] data)
    {
        var sum = SumOf(data) ^ (BadSums > 0 ? 0x0100 : 0);
        BadSums -= BadSums > 0 ? 1 : 0;
        _out.Enqueue(0xfe);
        foreach (var value in data.Append((byte)(sum >> 8)).Append((byte)sum))
        {
            _out.Enqueue(value);
        }
    }

    private void Take(byte value)
    {
        if (_command.Count != 0)
        {
            _command.Add(value);
            if (_command.Count == 6)
            {
                var bytes = _command.ToArray();
                _command.Clear();
                Do(bytes);
            }
        }
        else if (_hasToken)
        {
            _block.Add(value);
            if (_block.Count == 514)
            {
                _hasToken = false;
                EndBlock([.. _block]);
                _block.Clear();
            }
        }
        else if (value == 0xff)
        {
            _gap += _busy == 0 && _out.Count == 0 ? 1 : 0;
        }
        else
        {
            Expect(_busy == 0, "a card that is busy hears nothing");
            Begin(value);
        }
    }

    private void Begin(byte value)
    {
        if ((value & 0xc0) == 0x40)
        {
            Expect(_out.Count == 0 || value == 0x4c, "a command before the answer was heard");
            _command.Add(value);
            return;
        }

        Expect(_mode == Mode.Writing && _gap > 0 && _out.Count == 0, $"0x{value:x} is no command, and nothing is written");
        Expect(value == (_isMultiple ? 0xfc : 0xfe) || (value == 0xfd && _isMultiple), $"0x{value:x} is no token for what was asked");
        _gap = 0;
        if (value == 0xfd)
        {
            _out.Enqueue(0xff);
            (_mode, _busy) = (Mode.Waiting, Busy);
        }
        else
        {
            _hasToken = true;
        }
    }

    private void EndBlock(byte[] bytes)
    {
        Expect(SumOf(bytes[..512]) == ((bytes[512] << 8) | bytes[513]), "the sum of a block is wrong");
        if (Refusals.Count > 0 || _next >= blocks)
        {
            _out.Enqueue(_next >= blocks ? (byte)0xed : Refusals.Answer);
            Refusals = (Refusals.Count - 1, Refusals.Answer);
            return;
        }

        _out.Enqueue(0xe5);
        _pending.Add((_next++, bytes[..512]));
        _busy = Busy;
        if (_busy == 0)
        {
            _store[_pending[^1].Block] = bytes[..512];
            _pending.Clear();
        }

        if (!_isMultiple)
        {
            _mode = Mode.Waiting;
        }
    }

    private void Do(byte[] bytes)
    {
        var number = bytes[0] & 0x3f;
        var argument = ((uint)bytes[1] << 24) | ((uint)bytes[2] << 16) | ((uint)bytes[3] << 8) | bytes[4];
        Expect(SumOfCommand(bytes[..5]) == bytes[5], "the sum of a command is wrong");
        Commands.Add((number, argument));
        if (Unheard > 0)
        {
            Unheard--;
            return;
        }

        if (!_isInSpiMode && number != 0)
        {
            return;
        }

        if (Mishearings.Count > 0)
        {
            Mishearings = (Mishearings.Count - 1, Mishearings.Answer);
            Answer(Mishearings.Answer);
            return;
        }

        var isApplication = _isApplication;
        _isApplication = false;
        if (_mode != Mode.Waiting && number is not (0 or 12))
        {
            Answer(0x04);
            return;
        }

        switch (number)
        {
            case 0:
                (_isInSpiMode, _isReady, _mode, _rounds) = (true, false, Mode.Waiting, Rounds);
                Answer(0x01);
                break;
            case 8 when kind is Kind.Old or Kind.Mmc: Answer(0x05); break;
            case 8: Answer(0x01, [0, 0, (byte)(Echo >> 8), (byte)Echo]); break;
            case 12: Stop(); break;
            case 55: Answer(kind == Kind.Mmc ? (byte)0x05 : Status); _isApplication = true; break;
            case 41:
                Expect(isApplication, "a command of SD cards alone");
                Expect(argument is 0 or 0x4000_0000, "no such conditions");
                _isReady |= (kind is Kind.Old or Kind.Standard || argument != 0) && --_rounds <= 0;
                Answer(Status);
                break;
            case 58:
                Answer(SaysIdle ? (byte)1 : Status, [(byte)((_isReady ? 0x80 : 0) | (_isReady && !HasByteAddresses ? 0x40 : 0) | (kind == Kind.Ultra ? 0x08 : 0)), 0xff, 0x80, 0]);
                break;
            case 59: Answer(KnowsCheckSums ? Status : (byte)(Status | 4)); break;
            default:
                Expect(_isReady, $"command {number} before the card is ready");
                DoReady(number, argument);
                break;
        }
    }

    private void DoReady(int number, uint argument)
    {
        switch (number)
        {
            case 9 when Description == CardData.Unknown: Answer(0x04); break;
            case 9:
                Answer(0x00);
                BadSums += Description == CardData.Spoilt ? 1 : 0;
                if (Description != CardData.Missing)
                {
                    Send(Describe());
                }

                break;
            case 16:
                Expect(HasByteAddresses && argument == 512, "a length of blocks");
                Answer(KnowsBlockLength ? (byte)0 : (byte)0x04);
                break;
            case 17 or 18 or 24 or 25:
                Expect(!HasByteAddresses || argument % 512 == 0, "a block begins elsewhere");
                _next = HasByteAddresses ? argument / 512 : argument;
                (_isMultiple, _isBehindEnd, _gap, _wait) = (number is 18 or 25, false, 0, TokenDelay);
                var isBad = _next >= blocks && (BehindEnd != 0 || number >= 24);
                _mode = isBad ? Mode.Waiting : number < 20 ? Mode.Reading : Mode.Writing;
                Answer(isBad ? Math.Max(BehindEnd, (byte)0x40) : (byte)0);
                break;
            default: throw new InvalidOperationException($"command {number}");
        }
    }

    private byte Status => _isReady ? (byte)0 : (byte)1;

    private void Stop()
    {
        var isOpen = _mode != Mode.Waiting && _isMultiple;
        _mode = Mode.Waiting;
        _out.Clear();
        // It looks like an answer, and is none.
        _out.Enqueue(0x00);
        Answer(!isOpen ? (byte)0x04 : _isBehindEnd ? (byte)0x40 : (byte)0x00);
        _busy = isOpen ? Busy : 0;
    }

    private void Answer(byte answer, params byte[] more)
    {
        for (var i = 0; i < AnswerDelay; i++)
        {
            _out.Enqueue(0xff);
        }

        foreach (var value in more.Prepend(answer))
        {
            _out.Enqueue(value);
        }
    }

    private byte[] Describe()
    {
        var claimed = Claimed ?? blocks;
        var data = new byte[16];
        var version = Version ?? (kind == Kind.High ? 1 : kind == Kind.Ultra ? 2 : 0);
        data[0] = (byte)(version << 6);
        data[14] = Protection;
        if (version != 0)
        {
            var size = (claimed >> 10) - 1;
            (data[5], data[7], data[8], data[9]) = (9, (byte)((size >> 16) & 0x3f), (byte)(size >> 8), (byte)size);
            return data;
        }

        // The first length and unit by which the number can be said.
        for (var shift = 2; shift <= 11; shift++)
        {
            var units = claimed >> shift;
            if (units << shift == claimed && units is > 0 and <= 4096)
            {
                var length = 9 + Math.Max(0, shift - 9);
                var unit = shift - 2 - (length - 9);
                data[5] = (byte)length;
                data[6] = (byte)((units - 1) >> 10);
                data[7] = (byte)((units - 1) >> 2);
                data[8] = (byte)((units - 1) << 6);
                data[9] = (byte)(unit >> 1);
                data[10] = (byte)(unit << 7);
                return data;
            }
        }

        throw new InvalidOperationException($"{claimed} blocks cannot be said");
    }

    private static void Expect(bool met, string what)
    {
        if (!met)
        {
            throw new InvalidOperationException(what);
        }
    }
}
