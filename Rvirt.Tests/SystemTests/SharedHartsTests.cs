using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.SystemTests;

/// <summary>More guests than harts, in the image. Where shares are measured instructions are the clock, so a busy machine changes nothing.</summary>
[Category("System,Image")]
public sealed class SharedHartsTests
{
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Resident)]
    [TestCase(Firmware.Sbi)]
    public void EightGuestsOnAHartGetTheirSharesOfIt(Firmware firmware) => AreServed(firmware, [100, 200, 400, 100, 200, 400, 100, 100], []);

    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Resident)]
    public void NeitherAGuestThatNeverTrapsNorAStormOfFencesTakesAnythingFromOthers(Firmware firmware) =>
        AreServed(firmware, [100, 200, 400, 100, 200, 400], ["SPIN", "FENCES"]);

    /// <summary>
    /// When each gets on is the machine's load's to say here, where QEMU's harts are threads: all do, though nobody ever ends, and as time goes by each has as much of it as the others.
    /// One that gets less than its share never has.
    /// </summary>
    [TestCase(Firmware.Stub)]
    [TestCase(Firmware.Resident)]
    [TestCase(Firmware.Sbi)]
    public void EightGuestsOnTwoHartsAllGetOn(Firmware firmware)
    {
        const int enough = 20_000;
        using var folder = new TemporaryFolder();
        using var qemu = Start(folder, firmware, [100, 100, 100, 100, 100, 100], ["SPIN", "FENCES"], [$"COUNT={enough}"], "-smp", "2");
        Assert.That(Counts(qemu, 6).Values, Is.All.EqualTo(enough));

        string[] names = [.. Enumerable.Range(0, 6).Select(i => $"c{i}"), "SPIN", "FENCES"];
        qemu.Send("\x1dm");
        qemu.Expect("rvirt> ", 30);
        foreach (var name in names)
        {
            qemu.Send($"stats {name} -r\r");
            qemu.Expect("rvirt: ok\r\nrvirt> ", 30);
        }

        double[] run = [];
        Patience.Until(
            () =>
            {
                run = [.. names.Select(name => RunMilliseconds(qemu, name))];
                return run.Min() > 1000 && run.All(one => Math.Abs(one - run.Average()) <= run.Average() / 5);
            },
            "each has its share");
        TestContext.Out.WriteLine(string.Join(' ', run));
    }

    private static double RunMilliseconds(QemuMachine qemu, string guest)
    {
        qemu.Send($"vcpus {guest}\r");
        return double.Parse(qemu.Expect(@"\r\n  0  \w+ +\d  [SU] +0x[0-9a-f]{16}  started +(\d+) +\d+\r\nrvirt: ok\r\nrvirt> ", 30).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private static void AreServed(Firmware firmware, uint[] shares, string[] storms)
    {
        using var folder = new TemporaryFolder();
        using var qemu = Start(folder, firmware, shares, storms, [], "-smp", "1", "-icount", "shift=4,sleep=off");
        var counts = Counts(qemu, shares.Length);
        var all = counts.Values.Sum();
        for (var i = 0; i < shares.Length; i++)
        {
            Assert.That(counts[$"c{i}"] / all, Is.EqualTo(shares[i] / (double)shares.Sum(share => share)).Within(20).Percent, $"guest {i}: {string.Join(' ', counts)}\n{qemu.Describe()}");
        }
    }

    private static QemuMachine Start(TemporaryFolder folder, Firmware firmware, uint[] shares, string[] storms, string[] symbols, params string[] more)
    {
        var counter = BareProgram.Build(folder, "share-payload.S", 0x80200000, symbols);
        var guests = shares.Select((share, i) => new GuestSpec($"c{i}", counter, null, "", 8 << 20, 1, []) { Share = share }).ToList();
        foreach (var storm in storms)
        {
            using var own = new TemporaryFolder();
            var program = folder.Write(storm, System.IO.File.ReadAllBytes(BareProgram.Build(own, "storm-payload.S", 0x80200000, storm)));
            guests.Add(new GuestSpec(storm, program, null, "", 8 << 20, 1, []));
        }

        return QemuMachine.Start([.. GuestMachine.Rvirt(firmware, GuestMachine.PackBlob(folder, guests), memory: 256), .. more], TimeSpan.FromSeconds(120));
    }

    private static Dictionary<string, double> Counts(QemuMachine qemu, int guests)
    {
        var counts = new Dictionary<string, double>();
        while (counts.Count < guests)
        {
            var match = qemu.Expect(@"\[(c\d)\] =([0-9a-f]{16})|!", 60);
            Assert.That(match.Groups[1].Success, "a guest began too late\n" + qemu.Describe());
            counts[match.Groups[1].Value] = ulong.Parse(match.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        return counts;
    }
}
