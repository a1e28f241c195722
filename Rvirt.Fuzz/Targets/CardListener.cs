using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Fuzz.Targets;

/// <summary>What a card hears: commands and blocks, whose sums are right, and nothing else. It keeps the blocks that the driver has a reason to call accepted.</summary>
/// <param name="about">Told of each command and its argument.</param>
internal sealed class CardListener(Action<int, uint> about)
{
    private const int CommandBytes = 6, BlockBytes = 512, SumBytes = 2;

    private readonly List<byte> _command = [], _block = [];
    private readonly List<(ulong Address, int Place, int Heard, byte[] Data)> _accepted = [];
    private uint _address;
    private int _place;
    private bool _isInBlock, _isUnanswered;

    /// <summary>Commands that were heard.</summary>
    public int Commands { get; private set; }

    /// <summary>Blocks that were heard.</summary>
    public int Blocks { get; private set; }

    /// <summary>What was not said to its end is forgotten.</summary>
    public void Deselect()
    {
        _command.Clear();
        _isInBlock = false;
    }

    /// <summary>Hears a byte.</summary>
    public void Hear(bool isSelected, byte value)
    {
        if (_command.Count != 0)
        {
            _command.Add(value);
            EndCommand();
        }
        else if (_isInBlock)
        {
            _block.Add(value);
            EndBlock();
        }
        else if (value != 0xff)
        {
            Begin(isSelected, value);
        }
    }

    /// <summary>Has the driver hear a byte: that the block before it was accepted, perhaps.</summary>
    public void Answer(byte value)
    {
        if (_isUnanswered && (value & 0x1f) == 5)
        {
            _isUnanswered = false;
            _accepted.Add((_address, _place++, Blocks, _block[..BlockBytes].ToArray()));
        }
    }

    /// <summary>Whether each block from a sector on was accepted as it is in memory.</summary>
    /// <param name="sector">The first.</param>
    /// <param name="unit">What the next sector's address is more.</param>
    /// <param name="data">The blocks.</param>
    /// <param name="after">How many blocks had been heard before they could be.</param>
    public bool HasAccepted(ulong sector, uint unit, byte[] data, int after) => data.Chunk(BlockBytes).Select((block, i) => (block, (sector + (ulong)i) * unit)).All(
        one => _accepted.Exists(other => other.Heard > after && other.Address + ((ulong)other.Place * unit) == one.Item2 && other.Data.AsSpan().SequenceEqual(one.block)));

    private void Begin(bool isSelected, byte value)
    {
        FuzzException.Require(isSelected, "something is said to a card that is not selected");
        _isUnanswered = false;
        if ((value & 0xc0) == 0x40)
        {
            _command.Add(value);
            return;
        }

        FuzzException.Require(value is 0xfc or 0xfd or 0xfe, "a byte that begins neither a command nor a block");
        _isInBlock = value != 0xfd;
        _block.Clear();
    }

    private void EndCommand()
    {
        if (_command.Count < CommandBytes)
        {
            return;
        }

        var bytes = _command.ToArray();
        _command.Clear();
        FuzzException.Require(((PlainSum.OfCommand(bytes.AsSpan(0, 5)) << 1) | 1) == bytes[5], "the sum of a command is wrong");
        Commands++;
        (_address, _place) = (((uint)bytes[1] << 24) | ((uint)bytes[2] << 16) | ((uint)bytes[3] << 8) | bytes[4], 0);
        about(bytes[0] & 0x3f, _address);
    }

    private void EndBlock()
    {
        if (_block.Count < BlockBytes + SumBytes)
        {
            return;
        }

        FuzzException.Require(PlainSum.OfBlock(_block[..BlockBytes].ToArray()) == ((_block[^2] << 8) | _block[^1]), "the sum of a block is wrong");
        _isInBlock = false;
        _isUnanswered = true;
        Blocks++;
    }
}
