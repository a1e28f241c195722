using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// What a card says, byte by byte, and how late: a script of small orders, so that a few bytes of an input make an answer or a whole block, and what follows a command
/// stays behind it when an order before it changes. Any bytes are a script.
/// </summary>
/// <param name="script">The script. The lower half of a byte is the order, the upper a number.</param>
/// <param name="tail">How many of its last bytes come again and again.</param>
/// <param name="end">What is said when it is over.</param>
internal sealed class CardWire(byte[] script, int tail, byte end)
{
    private const int BlockBytes = 512, ShortBlockBytes = 16;

    // Nobody is waited for longer, so that a script goes on whatever the driver does.
    private const int Patience = 4096;

    private readonly List<byte> _said = [];
    private int _at, _left, _from, _looksOnce, _looks;
    private byte _value;
    private Kind _kind;

    private enum Kind
    {
        Run,
        Literal,
        Pattern,
        Sum,
        UntilCommand,
        UntilBlock,
    }

    /// <summary>Ticks that go by each time the time is read.</summary>
    public ulong TimeStep { get; private set; } = 1000;

    /// <summary>How many bytes more come in than were asked for, behind the next one; and what they are.</summary>
    public (int Count, byte Value) Unasked { get; set; }

    /// <summary>The next byte.</summary>
    /// <param name="commands">Commands that the card has heard.</param>
    /// <param name="blocks">Blocks that it has heard.</param>
    /// <param name="looks">How often it is looked for in vain before it is there.</param>
    public byte Next(int commands, int blocks, out int looks)
    {
        if ((_kind == Kind.UntilCommand && commands != _from) || (_kind == Kind.UntilBlock && blocks != _from))
        {
            _left = 0;
        }

        if (_left == 0 && _at == script.Length)
        {
            _at -= tail;
        }

        while (_left == 0 && _at < script.Length)
        {
            Begin(script[_at++], commands, blocks);
        }

        var value = end;
        if (_left > 0)
        {
            _left--;
            value = _kind switch
            {
                Kind.Run => _value,
                Kind.Literal => Argument(),
                Kind.Pattern => _value = (byte)((_value * 5) + 3),
                Kind.Sum => (byte)(_from >> (8 * _left)),
                _ => 0xff,
            };
        }

        _said.Add(value);
        looks = Math.Max(_looksOnce, _looks);
        _looksOnce = 0;
        return value;
    }

    private byte Argument() => _at < script.Length ? script[_at++] : end;

    private void Begin(byte order, int commands, int blocks)
    {
        var number = order >> 4;
        switch (order & 15)
        {
            case 0: Say(Kind.Literal, number + 1); break;
            case 1: Say(Kind.Run, number + 1, Argument()); break;
            case 2: Say(Kind.Run, 64 * (number + 1), Argument()); break;
            case 3: Say(Kind.UntilCommand, Patience, from: commands); break;
            case 4: Say(Kind.UntilBlock, Patience, from: blocks); break;
            case 5: Say(Kind.Pattern, BlockBytes, Argument()); break;
            case 6:
                // Of the last bytes that were said, as many as the lowest bit says; with one bit wrong, where the others say which.
                var bytes = Math.Min((number & 1) == 0 ? BlockBytes : ShortBlockBytes, _said.Count);
                Say(Kind.Sum, 2, from: PlainSum.OfBlock(CollectionsMarshal.AsSpan(_said)[^bytes..]) ^ (number < 2 ? 0 : 1 << number));
                break;
            case 7: _looksOnce = number == 15 ? int.MaxValue : number * number * 100; break;
            case 8: _looks = number; break;
            case 9: Unasked = (number + 1, Argument()); break;
            case 10: TimeStep = 1000UL << (number & 5); break;
            default: Say(Kind.Run, 1, order); break;
        }
    }

    private void Say(Kind kind, int count, byte value = 0, int from = 0) => (_kind, _left, _value, _from) = (kind, count, value, from);
}
