using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Stress;

/// <summary>A Debian guest of several harts with stress-ng in it, which it was given over SSH.</summary>
internal sealed class StressGuest : IDisposable
{
    private const int Megabyte = 1 << 20;

    private readonly Firmware _firmware;
    private readonly GuestMachine _machine;
    private string _boot = "";

    private StressGuest(Firmware firmware, GuestMachine machine)
    {
        _firmware = firmware;
        _machine = machine;
    }

    /// <summary>What its serial line and QEMU have shown.</summary>
    public string Story => _machine.Qemu.Describe();

    /// <summary>Time since QEMU was started.</summary>
    public TimeSpan Age => _machine.Qemu.Age;

    private Ssh Guest => _machine.Guests[0];

    /// <summary>Boots it to SSH and puts stress-ng into it.</summary>
    /// <param name="firmware">What lies under it.</param>
    /// <param name="harts">How many harts it has.</param>
    /// <param name="hostHarts">How many the machine has.</param>
    /// <param name="clocks">What its kernel is told of clocks.</param>
    /// <param name="limit">After this time QEMU is ended.</param>
    public static StressGuest Boot(Firmware firmware, int harts, int hostHarts, string clocks, TimeSpan limit)
    {
        // A guest may be resident where the hart has vectors, and then its kernel's own use of them is what nobody has tried.
        string[] more = firmware == Firmware.Resident ? [] : ["-cpu", "rv64,v=on"];
        var machine = GuestMachine.BootDebian(
            firmware, 1, limit, guestMemory: 1024, harts: (uint)harts, hostHarts: hostHarts, append: $"log_buf_len=4M {clocks}", more: more);
        var guest = new StressGuest(firmware, machine);
        try
        {
            machine.Qemu.Expect(@"rvirt-guest: ssh ready after [\d.]+ s on guest0", 600);
            guest.Install();
            guest.Guest.Run(KernelLog.WithoutFairServer);
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    /// <summary>Runs stressors for a time, and gives what they and the kernel said.</summary>
    /// <returns>What is wrong, one a line; and the rounds that each stressor did.</returns>
    public (IReadOnlyList<string> Complaints, IReadOnlyDictionary<string, long> Rounds) Run(StressClass of, int seconds)
    {
        // Its files are on the disk. What runs beside it ends before its session does.
        var output = Guest.Run(
            "cd /root/stress; rm -rf work /tmp/stressed /tmp/vectors-changed; mkdir work; "
            + $"({(of.Beside.Length > 0 ? of.Beside : ":")}) > /dev/null 2>&1 & ./run --temp-path work {of.Arguments(seconds)} > log 2>&1 < /dev/null; echo $?; touch /tmp/stressed; wait; cat log; rm -rf work",
            120 + seconds);
        var end = output.IndexOf('\n', StringComparison.Ordinal);
        var log = new StressLog(int.Parse(output[..end], CultureInfo.InvariantCulture), output[end..]);
        var complaints = log.Complaints(of).ToList();
        if (Guest.Run("[ ! -e /tmp/vectors-changed ] || echo changed").Length > 0)
        {
            complaints.Add("a program's vector registers have changed under it");
        }

        complaints.AddRange(Check());
        return (complaints, log.Rounds);
    }

    /// <summary>All its harts at once hash files of 8 MiB, as they are in the page cache and as they come from the disk; the host's sums judge.</summary>
    /// <returns>What is wrong, one a line.</returns>
    public IReadOnlyList<string> Hash(int files)
    {
        var file = RandomNumberGenerator.GetBytes(8 * Megabyte);
        Guest.Run("mkdir -p /root/hash; cat > /root/hash/file", 240, new MemoryStream(file));
        Guest.Run($"cd /root/hash; for i in $(seq {files}); do (tail -c +$((i * 1000003 + 1)) file; head -c $((i * 1000003)) file) > big$i; done; rm file; sync", 400);
        var expected = string.Join('\n', Enumerable.Range(1, files).Select(i => $"{SumOfRotated(file, i * 1000003)}  big{i}").Order(StringComparer.Ordinal));
        var complaints = new List<string>();
        foreach (var from in new[] { "the page cache", "the disk" })
        {
            var sums = Guest.Run($"cd /root/hash; ls big* | xargs -P {files} -n 1 sha256sum | sort; echo 3 > /proc/sys/vm/drop_caches", 600);
            if (sums != expected)
            {
                complaints.Add($"sums of files from {from} differ:\n{sums}\nthey are\n{expected}");
            }
        }

        Guest.Run("rm -r /root/hash");
        complaints.AddRange(Check());
        return complaints;
    }

    /// <summary>The end of its kernel's log, where it still answers.</summary>
    public string KernelTail()
    {
        try
        {
            return KernelLog.Tail(Guest.Run("cat /root/stress/kernel.log; dmesg"), 80);
        }
        catch (Exception problem) when (problem is AssertionException or TimeoutException)
        {
            return KernelLog.Tail(Story, 80);
        }
    }

    /// <summary>Asks the monitor whether it runs, which the hypervisor answers.</summary>
    /// <returns>What is wrong, one a line.</returns>
    public IReadOnlyList<string> AskHypervisor()
    {
        if (_firmware == Firmware.Native)
        {
            return [];
        }

        _machine.Qemu.Skip();
        var verdict = _machine.AskMonitor("guests", out var answer);
        return verdict == "ok" && answer.Contains("running", StringComparison.Ordinal) ? [] : [$"the monitor says: {answer}{verdict}"];
    }

    /// <summary>Tells it to power off.</summary>
    /// <returns>What is wrong, one a line.</returns>
    public IReadOnlyList<string> PowerOff()
    {
        var complaints = new List<string>();
        Guest.RunToTheEnd("poweroff");
        if (_machine.Qemu.WaitForExit(240) is not 0 and var status)
        {
            complaints.Add($"QEMU ended with {status}");
        }

        var (clean, output) = Commands.Run("/usr/sbin/e2fsck", ["-fn", _machine.Disk(0)], TimeSpan.FromSeconds(120));
        if (clean != 0)
        {
            complaints.Add("its disk is not clean: " + output);
        }

        return complaints;
    }

    public void Dispose() => _machine.Dispose();

    private static string SumOfRotated(byte[] file, int by)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(file, by, file.Length - by);
        sum.AppendData(file, 0, by);
        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }

    private void Install()
    {
        using (var archive = File.OpenRead(Repository.StressArchive))
        {
            Guest.Run("gunzip -c | tar x -C /root", 240, archive);
        }

        using var folder = new TemporaryFolder();
        Guest.CopyFile(BareProgram.BuildForLinux(folder, "vector-program.S"), "/root/vectors");
        _boot = BootOf();
        var trouble = KernelLog.Trouble(Guest.Run("dmesg -c"));
        Assert.That(trouble, Is.Null, "while it booted");
    }

    private string BootOf() => Guest.Run("cat /proc/sys/kernel/random/boot_id");

    // What the kernel said since this was last looked at, and whether all its harts are there in the same boot.
    private List<string> Check()
    {
        var complaints = new List<string>();
        var log = Guest.Run("dmesg -c | tee /root/stress/kernel.log");
        if (KernelLog.Trouble(log) is { } trouble)
        {
            complaints.Add("the kernel says: " + trouble);
        }

        if (BootOf() != _boot)
        {
            complaints.Add("it has started again");
        }

        var harts = Guest.Run("cat /sys/devices/system/cpu/present /sys/devices/system/cpu/online").Split('\n');
        if (harts[0] != harts[1])
        {
            complaints.Add($"of its harts {harts[0]} only {harts[1]} are on");
        }

        return complaints;
    }
}
