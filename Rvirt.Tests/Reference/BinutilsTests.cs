using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Tests.Core.Instructions;

namespace Rvirt.Tests.Reference;

/// <summary>The reference decoder against binutils itself: all compressed encodings, and a sweep of the opcodes that the hypervisor decodes.</summary>
/// <remarks>The hypervisor's decoder is compared with the reference's over the same words by <see cref="ExhaustiveDecodeTests"/>.</remarks>
public sealed class BinutilsTests
{
    [Test]
    public void AgreesOnEveryCompressedInstruction()
    {
        var halves = new List<ushort>();
        for (var half = 0; half < 65536; half++)
        {
            if ((half & 3) != 3)
            {
                halves.Add((ushort)half);
            }
        }

        var text = Disassemble(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(halves)), 2);
        var wrong = new List<string>();
        for (var i = 0; i < halves.Count; i++)
        {
            var expected = text[i] is "-" or "c.unimp" ? "-" : BinutilsText.Expansion(text[i]);
            var actual = BinutilsText.Relative(halves[i]);
            // c.addi16sp with a zero immediate is reserved (Unprivileged spec §26.5), but binutils disassembles it.
            if (expected != actual && halves[i] != 0x6101)
            {
                wrong.Add($"{halves[i]:x4} {text[i]} should be {expected} but is {actual}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void AgreesOnTheDecodedOpcodes([ValueSource(typeof(EncodingSweep), nameof(EncodingSweep.Opcodes))] uint opcode)
    {
        var words = new List<uint>(EncodingSweep.Words(opcode));
        var text = Disassemble(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(words)), 4);
        var wrong = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            var actual = BinutilsText.Relative(words[i]);
            if (!BinutilsText.Same(text[i], actual) && !BinutilsText.KnownDifference(words[i], text[i], actual))
            {
                wrong.Add($"{words[i]:x8} {text[i]} but here {actual}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    /// <summary>What objdump makes of each unit of a flat binary; "-" where it is no instruction.</summary>
    internal static string[] Disassemble(ReadOnlySpan<byte> code, int size, string options = "no-aliases,numeric")
    {
        var result = new string[code.Length / size];
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, code);
            using var objdump = Process.Start(new ProcessStartInfo(
                "riscv64-linux-gnu-objdump", ["-D", "-z", "-b", "binary", "-m", "riscv:rv64", "-M", options, file])
            { RedirectStandardOutput = true })!;
            while (objdump.StandardOutput.ReadLine() is { } line)
            {
                var fields = line.Split('\t');
                if (fields.Length < 3)
                {
                    continue;
                }

                var address = int.Parse(fields[0].Trim().TrimEnd(':'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                Assert.That(address % size, Is.Zero, line);
                result[address / size] = Normalize(fields, address);
            }

            objdump.WaitForExit();
            Assert.That(objdump.ExitCode, Is.Zero);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.That(result, Has.None.Null);
        return result;
    }

    private static string Normalize(string[] fields, int address)
    {
        if (fields[2].StartsWith('.'))
        {
            return "-";
        }

        var operands = fields.Length > 3 ? fields[3] : "";
        var comment = operands.AsSpan().IndexOfAny('#', '<');
        operands = (comment < 0 ? operands : operands[..comment]).Trim();
        if (fields[2] is "c.j" or "c.beqz" or "c.bnez")
        {
            // Targets as distances.
            var comma = operands.LastIndexOf(',') + 1;
            var distance = long.Parse(operands.AsSpan(comma + 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) - address;
            operands = operands[..comma] + (distance >= 0 ? "+" : "") + distance.ToString(CultureInfo.InvariantCulture);
        }

        return operands.Length == 0 ? fields[2] : fields[2] + " " + operands;
    }
}
