using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// Litmus programs on a guest of four harts, each with a hart of QEMU's to itself, or all on two: no outcome that RVWMO forbids (Unprivileged spec, "RVWMO Memory
/// Consistency Model") comes, nor one that a remote fence which has returned forbids (SBI 2.0 §8). The program goes on until it has met the one
/// outcome that shows that it sees harts disagree and that no load of the machine hides: a translation that was not fenced.
/// </summary>
[Category("System")]
public sealed class LitmusTests
{
    private const int Instances = 128;

    private const int Fences = 16;

    private const int Rounds = 4;

    // In the program's order: bits of an outcome, 2h and 2h+1 of hart h, and what they may not be all together. By hand, from the specification.
    private static readonly (string Name, (int Mask, int Forbidden)[] Outcomes, int? Wanted)[] s_tests =
    [
        ("store buffers", [], null),
        ("store buffers, with fences", [(0b0101, 0)], null),
        ("a message, with fences", [(0b1100, 0b0100)], null),
        ("a message, with release and acquire", [(0b1100, 0b0100)], null),
        ("a message, read by a dependent address", [(0b1100, 0b0100)], null),
        ("loads before stores, with fences", [(0b0101, 0b0101)], null),
        ("loads before stores of what depends on them", [(0b0101, 0b0101)], null),
        ("two writers, two readers, with fences", [(0xf0, 0x50)], null),
        ("one place read twice", [(0x0c, 0x04), (0x30, 0x10), (0xc0, 0x40)], null),
        ("two places written in both orders", [(0b0011, 0b0011)], null),
        ("other code behind a remote fence.i", [(0x0c, 0x08), (0x30, 0x20), (0xc0, 0x80)], null),
        ("another page behind a remote fence", [(0x0c, 0x08), (0x30, 0x20), (0xc0, 0x80)], null),
        ("another page that is not fenced", [], 8),
    ];

    [TestCase(Firmware.Native, 4, Category = "Native")]
    [TestCase(Firmware.Stub, 4, Category = "Image")]
    [TestCase(Firmware.Sbi, 4, Category = "Image")]
    [TestCase(Firmware.Stub, 2, Category = "Image")]
    [TestCase(Firmware.Resident, 4, Category = "Image")]
    [TestCase(Firmware.Resident, 2, Category = "Image")]
    public void NoForbiddenOutcomeComes(Firmware firmware, int harts)
    {
        using var folder = new TemporaryFolder();
        var payload = BareProgram.Build(folder, "litmus-payload.S", 0x80200000, $"ROUNDS={Rounds}");
        string[] arguments = firmware == Firmware.Native
            ? ["-kernel", payload, "-smp", "4"]
            : [.. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, [new GuestSpec("litmus", payload, null, "", 8 << 20, 4, [])]), memory: 256, harts: harts)];
        using var qemu = QemuMachine.Start(arguments, TimeSpan.FromSeconds(120));
        var seen = s_tests.Select(_ => new Dictionary<int, int>()).ToArray();
        while (qemu.Expect(@"(?:^|\n)(?:([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8}) |[.!])\r?\n", 60) is { } line && line.Groups[1].Success)
        {
            seen[Number(line, 1)].Add(Number(line, 2), Number(line, 3));
        }

        Assert.Multiple(() =>
        {
            for (var i = 0; i < s_tests.Length; i++)
            {
                var (name, outcomes, wanted) = s_tests[i];
                var all = seen[i].Values.Sum();
                Assert.That((all > 0, all % (Rounds * (name.Contains("remote") ? Fences : Instances))), Is.EqualTo((true, 0)), name);
                Assert.That(seen[i].Keys.Where(outcome => outcomes.Any(row => (outcome & row.Mask) == row.Forbidden)), Is.Empty, name);
                Assert.That(wanted is null || seen[i].ContainsKey(wanted.Value), name);
            }
        });
        TestContext.Out.WriteLine(string.Join('\n', s_tests.Select((test, i) => $"{test.Name}: {string.Join(", ", seen[i].Select(pair => $"{pair.Key:b8} {pair.Value}"))}")));
    }

    private static int Number(Match line, int group) => int.Parse(line.Groups[group].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
