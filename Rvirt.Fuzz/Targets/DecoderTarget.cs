using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using Rvirt.Core.Instructions;
using Rvirt.Fuzz.Engine;
using Rvirt.Reference.Instructions;
using Rvirt.Testing.Memory;
using ProductDisassembler = Rvirt.Core.Instructions.Disassembler;
using ProductTable = Rvirt.Core.Instructions.InstructionTable;
using ReferenceDecoder = Rvirt.Reference.Instructions.Decoder;
using ReferenceDisassembler = Rvirt.Reference.Instructions.Disassembler;
using ReferenceTable = Rvirt.Reference.Instructions.InstructionTable;

namespace Rvirt.Fuzz.Targets;

/// <summary>The decoder of loads, stores and atomics, and the disassembler, word by word against the reference hart's.</summary>
internal sealed class DecoderTarget : IFuzzTarget
{
    private readonly GuardedBuffer _text = new(ProductDisassembler.MaximumLength);

    public string Name => "decoder";

    public int MaximumLength => 1024;

    public IReadOnlyList<byte[]> Dictionary { get; } = [[0x03], [0x07], [0x23], [0x27], [0x2f], [0x73], [0x02, 0x40], [0x02, 0x60], [0x00, 0x20], [0x00, 0xa0]];

    public void Run(ReadOnlySpan<byte> input)
    {
        for (var at = 0; at + 4 <= input.Length; at += 4)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(input[at..]);
            Compare(word);
            Compare(word | 3);
            Disassemble(word);
        }
    }

    /// <summary>Compares the two decoders on one instruction.</summary>
    public static void Compare(uint word)
    {
        var compressed = (word & 3) != 3;
        var reference = ReferenceDecoder.Decode(compressed ? word & 0xffff : word);
        var format = reference.Op is Op.Illegal or Op.Vector ? Format.None : ReferenceTable.Of(reference.Op).Format;
        var memory = format is Format.Load or Format.FloatLoad or Format.S or Format.FloatStore or Format.Amo or Format.Lr && reference.Op != Op.Jalr;
        FuzzException.Require(MemoryOperation.TryDecode(word, out var operation) == memory, $"{word:x} is a memory access for one decoder only");
        if (!memory)
        {
            return;
        }

        var isLoad = format is Format.Load or Format.FloatLoad;
        var isStore = format is Format.S or Format.FloatStore;
        // The reference hart marks writes to x0; the product's user of the decoder clears x0 afterwards.
        var destination = reference.Rd == Decoded.Discard ? 0 : reference.Rd;
        var name = ReferenceTable.Of(reference.Op).Name;
        FuzzException.Require(Plain(operation.Id, compressed) == name, $"{word:x} is {name}");
        FuzzException.Require(operation.Base == reference.Rs1 && operation.Length == reference.Length, $"{word:x}: base or length");
        FuzzException.Require(isStore || operation.Destination == destination, $"{word:x}: destination");
        FuzzException.Require(isLoad || format == Format.Lr || operation.Source == reference.Rs2, $"{word:x}: source");
        FuzzException.Require(operation.Offset == (isLoad || isStore ? reference.Immediate : 0), $"{word:x}: offset");
        FuzzException.Require(operation.Size == Size(name), $"{word:x}: size");
    }

    private static string Plain(InstructionId id, bool compressed)
    {
        var name = Encoding.ASCII.GetString(ProductTable.Name(id));
        return !compressed ? name : name.EndsWith("sp", StringComparison.Ordinal) ? name[2..^2] : name[2..];
    }

    private static int Size(string name) => name switch
    {
        "lb" or "lbu" or "sb" => 1,
        "lh" or "lhu" or "sh" => 2,
        "lw" or "lwu" or "sw" or "flw" or "fsw" => 4,
        _ => name.EndsWith(".w", StringComparison.Ordinal) ? 4 : 8,
    };

    // Whole words of the formats that both write alike are compared; any length of text is kept to.
    private void Disassemble(uint word)
    {
        var length = ProductDisassembler.Write(word, _text.Span);
        FuzzException.Require(length is > 0 and <= ProductDisassembler.MaximumLength, $"{word:x}: a text of {length}");
        var text = Encoding.ASCII.GetString(_text.Span[..length]);
        foreach (var letter in text)
        {
            FuzzException.Require(letter is (>= ' ' and < '\x7f') or '\t', $"{word:x}: a letter that is none");
        }

        for (var room = 0; room < length; room += 5)
        {
            var part = _text.Span[(ProductDisassembler.MaximumLength - room)..];
            FuzzException.Require(ProductDisassembler.Write(word, part) <= room, $"{word:x}: more text than there is room");
        }

        if ((word & 3) == 3 && MemoryOperation.TryDecode(word, out _))
        {
            FuzzException.Require(text.Replace('\t', ' ') == ReferenceDisassembler.Text(word), $"{word:x}: {text} or {ReferenceDisassembler.Text(word)}");
        }
    }
}
