using System;
using System.Collections.Generic;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>An SD card that goes mad: from <see cref="Begin"/> on it says anything: often what a card would say, with a byte or a sum wrong now and then, and else what it likes.</summary>
/// <param name="card">What it is before.</param>
/// <param name="random">What it says.</param>
internal sealed class NoisySdCard(SdCardModel card, Random random) : SiFiveSpiModel.IDevice
{
    private static readonly byte[] s_words = [0xff, 0xff, 0xff, 0x00, 0x00, 0x01, 0xe5, 0xe5, 0x05, 0xed, 0xfe, 0x08, 0x40, 0xc0];

    private readonly List<byte> _said = [];
    private readonly Queue<byte> _next = new();
    private bool _isMad;
    private int _command, _number, _block;
    private bool _awaitsAnswer;

    /// <summary>Blocks that it was sent and has accepted.</summary>
    public int Accepted { get; private set; }

    public void Begin() => _isMad = true;

    /// <summary>Forgets what it has said.</summary>
    public void Clear()
    {
        _said.Clear();
        Accepted = 0;
    }

    /// <summary>Whether it has said that, with the sum behind it.</summary>
    public bool HasSaid(ReadOnlySpan<byte> data)
    {
        var sum = SdCardModel.SumOf(data.ToArray());
        byte[] whole = [.. data, (byte)(sum >> 8), (byte)sum];
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_said).IndexOf(whole) >= 0;
    }

    public void Deselect()
    {
        if (!_isMad)
        {
            card.Deselect();
        }

        (_command, _block, _awaitsAnswer) = (0, 0, false);
        _next.Clear();
    }

    public byte Exchange(bool selected, byte value, uint hertz)
    {
        if (!_isMad)
        {
            return card.Exchange(selected, value, hertz);
        }

        var said = Say();
        _said.Add(said);
        if (_awaitsAnswer && said != 0xff)
        {
            Accepted += (said & 0x1f) == 5 ? 1 : 0;
            _awaitsAnswer = false;
        }

        Hear(value);
        return said;
    }

    private byte Say()
    {
        if (_next.TryDequeue(out var planned))
        {
            return planned;
        }

        return random.Next(20) == 0 ? (byte)random.Next(256) : s_words[random.Next(s_words.Length)];
    }

    // What a card would say, one byte of it now and then another.
    private void Plan(params IEnumerable<byte> bytes)
    {
        var wrong = random.Next(4) == 0 ? random.Next(700) : -1;
        foreach (var value in bytes)
        {
            _next.Enqueue(wrong-- == 0 ? (byte)random.Next(256) : value);
        }
    }

    private IEnumerable<byte> Block()
    {
        var block = new byte[512];
        random.NextBytes(block);
        var sum = SdCardModel.SumOf(block) ^ (random.Next(5) == 0 ? 1 << random.Next(16) : 0);
        return [0xff, 0xfe, .. block, (byte)(sum >> 8), (byte)sum];
    }

    private void Answer(int command)
    {
        _next.Clear();
        if (random.Next(5) == 0)
        {
            return;
        }

        switch (command)
        {
            case 12: Plan(0x3f, 0xff, 0x00, 0x00, 0xff); break;
            case 17: Plan([0xff, 0x00, .. Block()]); break;
            case 18: Plan([0xff, 0x00, .. Block(), .. Block(), .. Block()]); break;
            case 58: Plan(0xff, 0x00, 0xc0, 0xff, 0x80, 0x00); break;
            default: Plan(0xff, 0x00, 0xff, 0xff); break;
        }
    }

    // A command has six bytes, a block 514 behind its token.
    private void Hear(byte value)
    {
        if (_command > 0)
        {
            _command--;
            if (_command == 0)
            {
                Answer(_number);
            }
        }
        else if (_block > 0)
        {
            _block--;
            if (_block == 0)
            {
                _awaitsAnswer = true;
                _next.Clear();
                Plan(random.Next(5) == 0 ? [] : [0xe5, 0x00, 0x00, 0xff, 0xff]);
            }
        }
        else if (value is 0xfe or 0xfc)
        {
            _block = 514;
        }
        else if ((value & 0xc0) == 0x40)
        {
            (_command, _number, _awaitsAnswer) = (5, value & 0x3f, false);
        }
    }
}
