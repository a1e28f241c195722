using System.Collections.Generic;
using System.Globalization;
using System.IO;
using NUnit.Framework;
using Rvirt.Reference.Harts;
using Rvirt.Reference.Instructions;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Reference;

/// <summary>The reference hart's vectors against QEMU's: every instruction, from random states, with faults in the middle.</summary>
public sealed class VectorOracleTests
{
    private const int StepsOfAnInstruction = 12;

    [TestCase(128, 1)]
    [TestCase(256, 2)]
    public void EveryInstructionDoesWhatItDoesUnderQemu(int bits, int seed)
    {
        using var chooser = new VectorStepChooser(seed, bits);
        var steps = new List<VectorStep>();
        var names = new List<string>();
        foreach (var row in VectorTable.Rows)
        {
            for (var i = 0; i < StepsOfAnInstruction; i++)
            {
                steps.Add(chooser.Choose(row));
                names.Add(row.Name);
            }
        }

        using var payload = new VectorPayload(bits, steps, chooser.Blocks);
        var expected = RunUnderQemu(payload.Image(), bits);
        var actual = payload.Run();
        Assert.That(expected, Has.Length.EqualTo(actual.Length));
        var wrong = new List<string>();
        for (var i = 0; i < steps.Count; i++)
        {
            if (payload.Difference(i, expected, actual) is { } difference)
            {
                wrong.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{names[i]} {steps[i].Word:x8} type {steps[i].Type:x} length {steps[i].Length} start {steps[i].Start} x10 {steps[i].X[0]:x}: QEMU and here:{difference}"));
            }

            // VS is not compared: a hart may call vectors dirty that are not (V 1.0 §3.2). Here all that is carried out makes them so.
            var (before, after) = (steps[i].Status & Status.Vs, payload.Scalar(i, VectorPayload.State, actual));
            if (after != (payload.Scalar(i, 0, actual) == Cause.IllegalInstruction + 1 ? before : Status.Vs))
            {
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{names[i]} {steps[i].Word:x8}: VS was {before:x} and is {after:x}"));
            }
        }

        Assert.That(wrong, Is.Empty, $"{wrong.Count} of {steps.Count}");
    }

    private static byte[] RunUnderQemu(byte[] image, int bits)
    {
        using var folder = new TemporaryFolder();
        var ram = folder.Write("ram", image);
        var serial = folder.File("serial");
        var (status, output) = Commands.Run("qemu-system-riscv64",
        [
            "-M", "virt", "-cpu", $"rv64,v=on,vlen={bits},elen=64", "-m", "16M", "-bios", "none", "-display", "none", "-monitor", "none",
            "-serial", "file:" + serial, "-device", $"loader,file={ram},addr=0x80000000,force-raw=on",
        ]);
        Assert.That(status, Is.Zero, output);
        return File.ReadAllBytes(serial);
    }
}
