using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Fuzz.Targets;
using Rvirt.Tests.Stress;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;

namespace Rvirt.Tests.SystemTests;

/// <summary>The Makefile's commands, as a person types them.</summary>
[Category("System")]
// Alone: makes images and reads the records in artifacts, which are those of all tests.
[NonParallelizable]
public sealed class MakeCommandTests
{
    private static readonly string[] s_fresh = ["-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES"];

    [TestCase("qemu", "MEM=1G", "make qemu has no setting MEM: is it MEMORY?")]
    [TestCase("qemu", "GUEST=2", "make qemu has no setting GUEST: is it GUESTS?")]
    [TestCase("qemu", "MEMORY=1.5G", "MEMORY: '1.5G' is no size")]
    [TestCase("qemu", "KERNEL=/tmp", "KERNEL: /tmp is a folder")]
    [TestCase("qemu-gdb", "GDB_PORT=x", "GDB_PORT is 1 to 65535")]
    [TestCase("ssh", "GUEST=guest1", "GUEST is 0 to 3")]
    [TestCase("desktop-linux", "NATIVE=yes", "NATIVE is 1 or 0, not yes")]
    [TestCase("lockstep", "SED=3", "make lockstep has no setting SED: is it SEED? (its settings are N, SEED, JOBS, SWITCH, VECTORS, SIBLINGS)")]
    [TestCase("lockstep", "N=1e6", "N is 1 to 9223372036854775807 (instructions), not 1e6")]
    [TestCase("lockstep", "N='; ls Makefile '", "N is 1 to 9223372036854775807 (instructions), not '; ls Makefile '")]
    [TestCase("stress", "FOR=1d", "FOR: '1d' is no time: write a whole number of seconds, or one with s, m or h, such as 10m or 2h")]
    [TestCase("stress", "FOR=10", "FOR is 30 s to 2592000 s, not 10")]
    [TestCase("stress", "FOR=1000000h", "FOR is 30 s to 2592000 s, not 1000000h")]
    [TestCase("stress", "FIRMWARE=none", "FIRMWARE is stub or sbi or resident, not none")]
    [TestCase("stress", "HARTS='4 0'", "HARTS is one or more numbers of the host's harts, each 1 to 16, not '4 0'")]
    [TestCase("stress", "VCPUS=9", "VCPUS is 1 to 8 (harts of the guest), not 9")]
    [TestCase("stress", "CLASS=tbl", "CLASS is all or tlb or memory or code or signals or processes or locks or switches or vectors or hotplug, not tbl")]
    [TestCase("stress", "HART=4", "make stress has no setting HART: is it HARTS?")]
    [TestCase("fuzz", "TARGETS=tree", "make fuzz has no setting TARGETS: is it TARGET?")]
    [TestCase("fuzz", "TARGET=trees", "TARGET is all or blob or card or decoder or gem or kernel or network or partitions or tree or virtio, not trees")]
    [TestCase("fuzz", "FOR=1h", "FOR is 0 to 2147483647 (seconds; 0 is without end), not 1h")]
    [TestCase("mutation", "FILES=**/*.cs", "PROJECT is needed: Core or Mmu")]
    [TestCase("mutation", "PROJECT=Cor", "PROJECT is Core or Mmu, not Cor")]
    [TestCase("bench", "BENCHMARK=guest", "make bench has no setting BENCHMARK: is it BENCH?")]
    [TestCase("bench", "BENCH=gest", "BENCH is guest, harts, profile, nested, desktop, publish or size, not gest")]
    [TestCase("bench", "BENCH=guest --doc", "BENCH: guest has no option --doc")]
    [TestCase("bench", "TRACE=csrr", "TRACE is one of these operations, not csrr: csrr sscratch; csrr sepc; ")]
    [TestCase("bench", "BENCH=profile boot", "BENCH: profile has no option boot")]
    [TestCase("test", "FILTR=Mmu", "make test has no setting FILTR: is it FILTER?")]
    [TestCase("coverage", "FILTER=Mmu", "make coverage has no settings, and so no FILTER")]
    [TestCase("image", "FIRMWARE=sbi", "make image has no setting FIRMWARE (its settings are BOARD)")]
    [TestCase("image", "BOARD=unleashd", "BOARD is virt or unleashed or generic, not unleashd")]
    [TestCase("qemu", "BOARD=sifive_u", "BOARD is virt or unleashed, not sifive_u")]
    [TestCase("guest", "configuration=Debug", "make guest has no setting configuration (its settings are SUITE)")]
    [TestCase("guest", "SUITE=bullseye", "SUITE is trixie or forky or sid, not bullseye")]
    [TestCase("qemu", "SUITE=stable", "SUITE is trixie or forky or sid, not stable")]
    [TestCase("firmware", "SUITE=sid", "make firmware has no settings, and so no SUITE")]
    [TestCase("debian", "KERNEL=Image", "make debian has no setting KERNEL (its settings are FIRMWARE, GUESTS, VCPUS, APPEND, MEMORY, NATIVE, SSH_PORT, QEMU_EXTRA)")]
    [TestCase("debian", "MEMORY=lots", "MEMORY: 'lots' is no size")]
    [TestCase("debian-test", "VCPUS=9", "VCPUS is 1 to 8 (harts of the guest), not 9")]
    [TestCase("debian-test", "FIRMWARE=none", "FIRMWARE is stub or resident or sbi, not none")]
    public void JudgesBeforeItBuilds(string target, string setting, string expected)
    {
        var (status, output) = Make(target, setting);
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("error: " + expected).And.Not.Contain("guest:").And.Not.Contain("image:").And.Not.Contain("building"));
    }

    /// <summary>So is what comes from the environment, where a name that the target does not have is somebody else's.</summary>
    [TestCase("qemu", "FIRMWARE=stup", "FIRMWARE is ")]
    [TestCase("image", "BOARD=unleashd", "BOARD is virt or unleashed or generic, not unleashd")]
    [TestCase("guest", "SUITE=bullseye", "SUITE is trixie or forky or sid, not bullseye")]
    [TestCase("debian", "MEMORY=lots", "MEMORY: 'lots' is no size")]
    [TestCase("mutation", "PROJECT=Cor", "PROJECT is Core or Mmu, not Cor")]
    [TestCase("stress", "CLASS=tbl", "CLASS is all or tlb")]
    public void JudgesTheEnvironmentBeforeItBuilds(string target, string setting, string expected)
    {
        var (status, output) = Commands.Run("env", [.. s_fresh, setting, "GUEST=other", "make", "-C", Repository.Top, target]);
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("error: " + expected).And.Not.Contain("guest:").And.Not.Contain("image:").And.Not.Contain("building"));
    }

    [TestCase("clean")]
    [TestCase("help")]
    public void RefusesSettingsWhereNoneCanBeMeant(string target)
    {
        using var folder = new TemporaryFolder();
        var (status, output) = Commands.Run("env", [.. s_fresh, "make", "-f", Path.Combine(Repository.Top, "Makefile"), "-C", folder.File(""), target, "GUEST=1"]);
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain($"make {target} has no settings, and so no GUEST").And.Not.Contain("removed"));
    }

    /// <summary>Two targets that are typed together have the settings of both.</summary>
    [Test]
    public void JudgesSeveralTargetsAtOnce()
    {
        var (status, output) = Make("fuzz", "lockstep", "FOR=3", "SEED=x");
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("error: SEED is 0 to").And.Not.Contain("building"));
    }

    [TestCase("lockstep", new[] { "N=1000", "SEED=3", "JOBS=1" }, "Rvirt.Tests.dll><lockstep><1000><3><1>")]
    [TestCase("lockstep", new[] { "N=1000", "SEED=3", "JOBS=1", "SWITCH=1" }, "Rvirt.Tests.dll><lockstep><1000><3><1><1>")]
    [TestCase("debian-test", new[] { "FIRMWARE=resident", "VCPUS=2", "MEMORY=2G", "RUNS=3" }, "Rvirt.Tests.dll><debian><resident><2><2048><3>")]
    [TestCase("stress", new[] { "FOR=2h", "FIRMWARE=resident", "VCPUS=3", "HARTS=2 1", "CLASS=locks" }, "Rvirt.Tests.dll><stress><resident><3><2,1><7200><locks>")]
    [TestCase("stress", new[] { "NATIVE=1" }, "Rvirt.Tests.dll><stress><native><4><4><360><all>")]
    [TestCase("ratios", new[] { "RUNS=5", "DOCS=1" }, "Rvirt.Tests.dll><ratios><5><1>")]
    [TestCase("fuzz", new[] { "TARGET=tree", "FOR=60" }, "Rvirt.Fuzz.dll><run><--target><tree><--seconds><60>")]
    [TestCase("bench", new[] { "BENCH=desktop --filter '*a b*'" }, "<--><desktop><--filter><*a b*>")]
    [TestCase("bench", new[] { "TRACE=timer interrupt round trip, Linux's entry" }, "<--><trace><timer interrupt round trip, Linux's entry>")]
    [TestCase("mutation", new[] { "PROJECT=Mmu", "FILES=a.cs 'b c.cs'" }, "<--project><Rvirt.Mmu.csproj><--mutate><a.cs><--mutate><b c.cs>")]
    [TestCase("test", new[] { "FILTER=Name~\"it's\"&Name!~$(HOME) `x`" }, "<--filter><Name~\"it's\"&Name!~$(HOME) `x`><--><RunConfiguration.TreatNoTestsAsError=true>")]
    [TestCase("desktop-linux", new[] { "APPEND=it's $HOME", "UNTIL='\"" }, "<--append=it's $HOME><--until='\">")]
    public void HandsSettingsToProgramsAsTheyWereTyped(string target, string[] settings, string expected)
    {
        using var folder = new TemporaryFolder();
        Assert.That(Repository.Key, Is.Not.Empty);
        Assert.That(Repository.Image(Firmware.Stub), Is.Not.Empty);
        var real = Commands.Run("sh", ["-c", "command -v dotnet"]).Output.Trim();
        var dotnet = folder.Write("dotnet", Encoding.UTF8.GetBytes($"""
            #!/bin/sh
            case "$*" in
            *Rvirt.Tool*) exec '{real}' "$@" ;;
            esac
            for word; do printf '<%s>' "$word"; done
            echo

            """));
        Commands.Run("chmod", ["+x", dotnet]);
        // A whole Debian takes minutes to make, and nobody boots it here.
        var (status, output) = Make(["-o", "debian-root", target, .. settings, $"PATH={folder.File("")}:{Environment.GetEnvironmentVariable("PATH")}"]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain(expected));
    }

    /// <summary>The table of settings, the Makefile and its help speak of the same.</summary>
    [Test]
    public void EveryTargetHasItsSettingsInTheTableAndInTheHelp()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Top, "Makefile"));
        var targets = Regex.Matches(text, @"^\.PHONY: (.*)$", RegexOptions.Multiline).SelectMany(match => match.Groups[1].Value.Split(' ')).Except(["help", "tool", "judge", "clean"]);
        Assert.That(MakeTargets.All.Select(target => target.Name), Is.EquivalentTo(targets));
        var named = Regex.Matches(Make("help").Output, @"\b([A-Z][A-Z_]*)=").Select(match => match.Groups[1].Value).Distinct();
        Assert.That(named, Is.EquivalentTo(MakeTargets.All.SelectMany(target => target.Settings).Distinct()));
    }

    /// <summary>The program that stands behind the targets has a command for each that runs something, and says there which settings it takes.</summary>
    [TestCaseSource(nameof(TargetsThatRun))]
    public void TheProgramsOwnHelpNamesTheSettings(string target)
    {
        var made = MakeTargets.All.Single(made => made.Name == target);
        var (status, output) = Commands.Run("dotnet", [Path.Combine(Repository.Top, "Rvirt.Tool/bin/Release/net10.0/Rvirt.Tool.dll"), made.Command, "--help"]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain($"rvirt {made.Command} ").And.Contains($"make {target}: {string.Join(", ", made.Settings)}."));
    }

    private static IEnumerable<string> TargetsThatRun() =>
        MakeTargets.All.Where(target => target.Settings.Count > 0).Select(target => target.Name).Except(["qemu", "image", "guest"]);

    /// <summary>Each setting has a line below its target, which says what holds where it is not typed: typed, it changes nothing.</summary>
    [Test]
    public void HelpSaysTheDefaultOfEverySetting()
    {
        var copy = new WorkingCopy(Repository.Top, Path.Combine(Repository.Top, "artifacts/guest"));
        var plans = new Dictionary<string, Func<Setting, object>>
        {
            ["qemu"] = settings => RunSettings.Read(settings, debug: false).ToString(),
            ["qemu-gdb"] = settings => RunSettings.Read(settings, debug: true).ToString(),
            ["gdb"] = settings => HostBoard.Read(settings).ToString() + RunSettings.Read(settings, debug: true),
            ["image"] = settings => HostBoard.ReadImages(settings) ?? "all",
            ["guest"] = Suite.Read,
            ["debian"] = settings => RunSettings.ReadDistribution(settings).ToString(),
            ["debian-test"] = settings => DotnetPlan.DistributionTest(settings, copy),
            ["sdcard"] = settings => RunSettings.ReadCard(settings) + CardCommand.FileOf(settings, copy),
            ["ssh"] = settings => SshCommand.Arguments(settings, copy),
            ["desktop-linux"] = settings => DotnetPlan.Desktop(settings, copy),
            ["lockstep"] = settings => DotnetPlan.Lockstep(settings, copy),
            ["stress"] = settings => DotnetPlan.Stress(settings, copy),
            ["ratios"] = settings => DotnetPlan.Ratios(settings, copy),
            ["fuzz"] = settings => DotnetPlan.Fuzz(settings, copy),
            ["mutation"] = settings => DotnetPlan.Mutation(settings, copy),
            ["bench"] = settings => DotnetPlan.Bench(settings, copy),
            ["test"] = settings => DotnetPlan.Test(settings, copy),
        };
        var told = new Dictionary<string, List<string>>();
        var checkedDefaults = 0;
        foreach (Match target in Regex.Matches(Make("help").Output, @"^make ([a-z-]+).*\n((?:    .*\n)+)", RegexOptions.Multiline))
        {
            foreach (Match line in Regex.Matches(target.Groups[2].Value, @"^    ([A-Z_]+)=.*\((?:needed|default: [^)]+|default (?:""([^""]+)""|([^\s:)]+))(?:: [^)]+)?)\).*$", RegexOptions.Multiline))
            {
                var (name, plan) = (line.Groups[1].Value, plans[target.Groups[1].Value]);
                told.TryAdd(target.Groups[1].Value, []);
                told[target.Groups[1].Value].Add(name);
                var value = line.Groups[2].Value + line.Groups[3].Value;
                if (value.Length > 0)
                {
                    Assert.That(plan(Settings((name, value))), Is.EqualTo(plan(Settings())), line.Value);
                    checkedDefaults++;
                }
            }
        }

        // Those of make qemu are make qemu-gdb's, which says so.
        told["qemu-gdb"].AddRange(told["qemu"]);
        told["fit"] = [.. told["sdcard"].Except([CardCommand.Setting])];
        Assert.That(checkedDefaults, Is.GreaterThan(20));
        foreach (var target in MakeTargets.All.Where(target => target.Settings.Count > 0))
        {
            Assert.That(told[target.Name], Is.EquivalentTo(target.Settings), target.Name);
        }

        Assert.That(Make("help").Output, Does.Contain($"TARGET={string.Join('|', DotnetPlan.FuzzTargets)} "));

        // One target needs its library.
        static Setting Settings(params (string Name, string Value)[] typed) => new(typed.Prepend(("PROJECT", "Core")).ToDictionary(one => one.Item1, one => one.Item2));
    }

    [Test]
    public void KnowsWhatCanBeStressed() => Assert.That(DotnetPlan.StressClasses, Is.EqualTo(StressClass.All.Select(one => one.Name).Prepend("all")));

    [Test]
    public void KnowsWhatCanBeFuzzed() => Assert.That(DotnetPlan.FuzzTargets, Is.EquivalentTo(FuzzTargets.Names.Prepend("all")));

    [Test]
    public void TracesOrRunsABenchmark() => Assert.That(
        () => DotnetPlan.Bench(new(new Dictionary<string, string> { ["TRACE"] = "csrr sepc", ["BENCH"] = "guest" }), new WorkingCopy(Repository.Top, Repository.Top)),
        Throws.TypeOf<FormatException>().With.Message.EqualTo("TRACE is a benchmark of its own: BENCH goes without it"));

    [Test]
    public void SaysThatNothingWaitsForADebugger()
    {
        var port = HostPorts.Free();
        var (status, output) = Make("gdb", $"GDB_PORT={port}");
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain($"error: nothing waits for a debugger on port {port}"));
    }

    [Test]
    public void SshPassesOnACommandAndItsStatus()
    {
        using var folder = new TemporaryFolder();
        var ssh = folder.Write("ssh", "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done\nexit 7\n"u8);
        Commands.Run("chmod", ["+x", ssh]);
        Assert.That(Repository.Key, Is.Not.Empty);
        var (status, output) = Make("ssh", "GUEST=2", "SSH_PORT=20000", "CMD=echo \"a  b\"; exit 7", $"PATH={Path.GetDirectoryName(ssh)}:{Environment.GetEnvironmentVariable("PATH")}");
        Assert.That(status, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("<-p><20002>").And.Contain("<root@127.0.0.1><echo \"a  b\"; exit 7>").And.Contain("Error 7"));
    }

    /// <summary>QEMU's own exit status; without Rvirt, where nobody shares a console, the tool becomes QEMU: same process.</summary>
    [Test]
    public void RunsQEMUWithFilesWhoseNamesHoldSpacesAndCommas([Values] bool native)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("bin"));
        var qemu = folder.Write("bin/qemu-system-riscv64", "#!/bin/sh\nprintf '<%s>' pid=$$ \"$@\"\nexit 9\n"u8);
        Commands.Run("chmod", ["+x", qemu]);
        var kernel = folder.Write("my kernel,1", File.ReadAllBytes(Repository.UBootBinary));
        var disk = folder.Write("disk ,2", new byte[4096]);
        var tool = typeof(RunCommand).Assembly.Location;
        Assert.That(Repository.Image(Firmware.Stub), Is.Not.Empty);
        var (status, output) = Commands.Run(
            "env",
            [
                "-u", "INITRD", "-u", "RVIRT_SETTINGS", $"NATIVE={(native ? 1 : 0)}", $"XDG_RUNTIME_DIR={folder.File("run")}", $"PATH={folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
                $"KERNEL={kernel}", $"DISK={disk}", $"SSH_PORT={HostPorts.Free()}", "APPEND=é 'x", "sh", "-c", "echo shell=$$; exec dotnet \"$0\" run", tool,
            ]);
        Assert.That(status, Is.EqualTo(9), output);
        var shell = output.Split('\n')[0]["shell=".Length..];
        Assert.That(output.Contains($"<pid={shell}>", StringComparison.Ordinal), Is.EqualTo(native), output);
        Assert.That(output, Does.Contain($"file={folder.File("disk ,,2")}>"));
    }

    private static (int Status, string Output) Make(params string[] arguments) => Commands.Run(
        "env", [.. s_fresh, "make", "-C", Repository.Top, .. arguments], TimeSpan.FromSeconds(300));
}
