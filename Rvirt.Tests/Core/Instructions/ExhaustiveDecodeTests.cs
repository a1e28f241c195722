using System.Collections.Generic;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.Instructions;
using Rvirt.Reference.Instructions;
using Decoder = Rvirt.Reference.Instructions.Decoder;
using InstructionTable = Rvirt.Core.Instructions.InstructionTable;
using ReferenceTable = Rvirt.Reference.Instructions.InstructionTable;

namespace Rvirt.Tests.Core.Instructions;

/// <summary>The hypervisor's decoder against the reference hart's, which was written independently of it, on every encoding.</summary>
public sealed class ExhaustiveDecodeTests
{
    private static readonly HashSet<string> _names = Names();

    [Test]
    public void EveryWordIsTheReferencesInstruction([ValueSource(typeof(EncodingSweep), nameof(EncodingSweep.Opcodes))] uint opcode)
    {
        var wrong = new List<string>();
        var known = 0;
        foreach (var word in EncodingSweep.Words(opcode))
        {
            var row = ReferenceTable.Find(word);
            var expected = row is not null && _names.Contains(row.Name) ? row.Name : "unknown";
            var actual = Name(InstructionTable.Find(word));
            if (expected != actual || !OperandsAgree(word, Decoder.Decode(word), 4))
            {
                wrong.Add($"{word:x8} is {expected}, but here {actual}");
            }

            known += expected == "unknown" ? 0 : 1;
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(known, Is.GreaterThan(50));
    }

    [Test]
    public void EveryCompressedInstructionIsTheReferencesInstruction()
    {
        var wrong = new List<string>();
        var known = 0;
        for (uint half = 0; half < 65536; half++)
        {
            if ((half & 3) == 3)
            {
                continue;
            }

            var decoded = Decoder.Decode(half);
            var expected = IsAccess(decoded.Op);
            // The upper half of what is fetched belongs to the next instruction.
            foreach (var word in new[] { half, half | 0xffff_0000 })
            {
                if (MemoryOperation.TryDecode(word, out _) != expected || !OperandsAgree(word, decoded, 2))
                {
                    wrong.Add($"{word:x} is {decoded.Op}");
                }
            }

            known += expected ? 1 : 0;
        }

        Assert.That(wrong, Is.Empty);
        // Six of the eight functions of quadrants 0 and 2, less the loads of x0 from the stack.
        Assert.That(known, Is.EqualTo((12 * 2048) - (2 * 64)));
    }

    private static bool IsAccess(Op op) => op is (>= Op.Lb and <= Op.Sd) or (>= Op.LrW and <= Op.Fsd);

    /// <summary>Whether what is needed to carry out an access on a device is what the reference decodes; nothing is decoded for other instructions.</summary>
    private static bool OperandsAgree(uint word, in Decoded reference, int length)
    {
        if (!MemoryOperation.TryDecode(word, out var operation))
        {
            return !IsAccess(reference.Op);
        }

        var destination = reference.Rd == Decoded.Discard ? 0 : reference.Rd;
        var store = reference.Op is (>= Op.Sb and <= Op.Sd) or Op.Fsw or Op.Fsd;
        var load = reference.Op is (>= Op.Lb and <= Op.Lwu) or Op.Flw or Op.Fld or Op.LrW or Op.LrD;
        var offset = reference.Op is >= Op.LrW and <= Op.AmomaxuD ? 0 : reference.Immediate;
        return operation.Length == length
            && operation.Base == reference.Rs1
            && (store || operation.Destination == destination)
            && (load || operation.Source == reference.Rs2)
            && operation.Offset == offset
            && operation.Size == Size(reference.Op);
    }

    private static int Size(Op op) => op switch
    {
        Op.Lb or Op.Lbu or Op.Sb => 1,
        Op.Lh or Op.Lhu or Op.Sh => 2,
        Op.Lw or Op.Lwu or Op.Sw or Op.Flw or Op.Fsw or Op.LrW or Op.ScW or (>= Op.AmoswapW and <= Op.AmomaxuW) => 4,
        _ => 8,
    };

    private static string Name(InstructionId id) => Encoding.ASCII.GetString(InstructionTable.Name(id));

    private static HashSet<string> Names()
    {
        var names = new HashSet<string>();
        for (var id = 1; id <= InstructionTable.Count; id++)
        {
            names.Add(Name((InstructionId)id));
        }

        return names;
    }
}
