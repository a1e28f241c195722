using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipes;
using System.Linq;
using System.Threading.Tasks;
using Moq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Files;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary>
/// What commands ask of programs, ports and files, and what they make of the answers. Stand-ins are strict: a program that is not expected fails the test.
/// </summary>
public sealed class CommandTests
{
    private const string Qemu = "qemu-system-riscv64";

    private readonly Mock<IPrograms> _programs = new(MockBehavior.Strict);
    private readonly Mock<IPorts> _ports = new();
    private TemporaryFolder _folder = null!;
    private FakeTerminal _terminal = null!;

    private WorkingCopy Copy => new(_folder.File(""), _folder.File("guest"));

    private Outside Outside => new(_programs.Object, _ports.Object, WholeFile.OnDisk, _terminal, new SharedSockets(_folder.File("sockets")));

    [SetUp]
    public void MakeFolder()
    {
        _programs.Reset();
        _ports.Reset();
        _folder = new TemporaryFolder();
        _terminal = new FakeTerminal();
        Directory.CreateDirectory(_folder.File("guest"));
        Directory.CreateDirectory(_folder.File("artifacts/images"));
    }

    [TearDown]
    public void RemoveFolder()
    {
        _terminal.Dispose();
        _folder.Dispose();
    }

    private static Setting Settings(params (string Name, string Value)[] values) => new(values.ToDictionary(pair => pair.Name, pair => pair.Value));

    /// <summary>Takes programs as they are started; the first word of each is its name.</summary>
    private List<string[]> Expect(int status)
    {
        var started = new List<string[]>();
        _programs.Setup(programs => programs.Become(It.IsAny<string>(), It.IsAny<IReadOnlyList<string>>()))
            .Callback<string, IReadOnlyList<string>>((program, words) => started.Add([program, .. words])).Returns(status);
        return started;
    }

    private int Run(params (string Name, string Value)[] values) => RunCommand.Boot(RunCommand.Judge(Settings(values), debug: false, _ports.Object), Copy, Outside);

    [Test]
    public void BecomesQEMUAndEndsWithItsStatus()
    {
        var started = Expect(status: 37);
        var kernel = _folder.Write("kernel", [1, 2, 3, 4]);
        Assert.That(Run(("NATIVE", "1"), ("KERNEL", kernel), ("SSH_PORT", "20000")), Is.EqualTo(37));
        Assert.That(started.Single(), Is.EqualTo(
        [
            Qemu, "-M", "virt", "-nographic", "-m", "512M", "-smp", "1", "-kernel", kernel, "-append", "console=ttyS0",
            "-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:20000-:22", "-device", "virtio-net-device,netdev=net0,bus=virtio-mmio-bus.7",
            "-device", "virtio-rng-device,bus=virtio-mmio-bus.6",
        ]));
    }

    /// <summary>With Rvirt the line is shared, so that QEMU is a child whose terminal this program is: its keys, Ctrl-A among them, its output and its status.</summary>
    [Test]
    public void IsTheTerminalOfQEMUAndEndsWithItsStatus()
    {
        _folder.Write("artifacts/images/rvirt-qemu.elf", [1]);
        var blob = _folder.Write("guests.dtb", [0xd0, 0x0d, 0xfe, 0xed]);
        using var output = new AnonymousPipeServerStream(PipeDirection.Out);
        using var input = new AnonymousPipeServerStream(PipeDirection.In);
        var qemu = new Mock<IProgram>(MockBehavior.Strict);
        qemu.Setup(program => program.Output).Returns(new AnonymousPipeClientStream(PipeDirection.In, output.ClientSafePipeHandle));
        qemu.Setup(program => program.Input).Returns(new AnonymousPipeClientStream(PipeDirection.Out, input.ClientSafePipeHandle));
        qemu.Setup(program => program.Wait()).Returns(37);
        qemu.Setup(program => program.Dispose());
        _programs.Setup(programs => programs.Start(Qemu, It.Is<IReadOnlyList<string>>(words => words.Contains(blob)))).Returns(qemu.Object);
        var run = Task.Run(() => Run(("KERNEL", blob), ("SSH_PORT", "20000")));
        output.Write("hello"u8);
        Patience.Until(() => _terminal.Seen == "hello", "what the machine says is seen");
        _terminal.Type("a\u0001x");
        Assert.That(new[] { input.ReadByte(), input.ReadByte(), input.ReadByte() }, Is.EqualTo(['a', 1, 'x']));
        Assert.That(File.GetUnixFileMode(_folder.File("sockets/console.sock")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), "nobody else types there");
        Assert.That(File.GetUnixFileMode(_folder.File("sockets")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        output.Dispose();
        Assert.That(run.GetAwaiter().GetResult(), Is.EqualTo(37));
        Assert.That(Path.Exists(_folder.File("sockets/console.sock")), Is.False);
        qemu.VerifyAll();
    }

    /// <summary>Ctrl-C and Ctrl-A X are QEMU's where there is no monitor: it is no child that this program would have to end.</summary>
    [Test]
    public void StartsNothingBesidesQEMUWhereThereIsNoDiskToCopy()
    {
        Expect(status: 0);
        Run(("NATIVE", "1"));
        _programs.Verify(programs => programs.Run(It.IsAny<string>(), It.IsAny<string[]>()), Times.Never);
        _programs.Verify(programs => programs.Become(Qemu, It.IsAny<IReadOnlyList<string>>()), Times.Once);
    }

    [Test]
    public void SaysThatQEMUIsMissing()
    {
        var nothing = new Programs();
        var problem = Assert.Throws<IOException>(() => nothing.Become("rvirt-no-such-program", ["-x"]));
        Assert.That(problem!.Message, Does.StartWith("cannot start rvirt-no-such-program: No such file or directory").And.EndWith("(make setup installs what is needed)"));
        _programs.Setup(programs => programs.Become(Qemu, It.IsAny<IReadOnlyList<string>>())).Throws(problem);
        Assert.That(MakeCommand.Guarded(() => Run(("NATIVE", "1"))), Is.EqualTo(1), "an error, not a crash");
    }

    /// <summary>.NET ignores SIGPIPE; a program that was not started leaves that as it was, or the next closed pipe would end this process.</summary>
    [Test]
    public void AProgramThatCannotStartLeavesSignalsAsTheyWere()
    {
        static string Ignored() => File.ReadLines("/proc/self/status").Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        var before = Ignored();
        Assert.That(() => new Programs().Become("rvirt-no-such-program", []), Throws.InstanceOf<IOException>());
        Assert.That(Ignored(), Is.EqualTo(before));
    }

    [Test]
    public void SaysWhatMakesAnImageThatIsMissing()
    {
        Assert.That(() => Run(), Throws.InstanceOf<IOException>().With.Message.EqualTo($"{_folder.File("artifacts/images/rvirt-qemu.elf")} is missing: run make image"));
        Assert.That(() => Run(("FIRMWARE", "sbi")), Throws.InstanceOf<IOException>().With.Message.Contains("rvirt-qemu-sbi.elf is missing"));
        _programs.VerifyNoOtherCalls();
    }

    [Test]
    public void StartsNothingWhereAGuestCannotBePacked()
    {
        _folder.Write("artifacts/images/rvirt-qemu.elf", [1]);
        Assert.That(Run(), Is.EqualTo(1), "there is no kernel");
        _programs.VerifyNoOtherCalls();
    }

    [Test]
    public void NamesThePortOfAGuestThatIsTaken()
    {
        _ports.Setup(ports => ports.IsTaken(20002)).Returns(true);
        Assert.That(
            () => Run(("GUESTS", "4"), ("SSH_PORT", "20000")),
            Throws.TypeOf<FormatException>().With.Message.StartsWith("port 20002 is in use"));
        Assert.That(_ports.Invocations.Select(call => call.Arguments[0]), Is.EqualTo(new object[] { 20000, 20001, 20002 }));
        _programs.VerifyNoOtherCalls();
    }

    [Test]
    public void AsksForTheDebuggersPortWhereOneIsWanted()
    {
        _ports.Setup(ports => ports.IsTaken(1234)).Returns(true);
        Assert.That(() => RunCommand.Judge(Settings(), debug: false, _ports.Object), Throws.Nothing);
        Assert.That(() => RunCommand.Judge(Settings(), debug: true, _ports.Object), Throws.TypeOf<FormatException>().With.Message.Contains("port 1234 is in use").And.Message.Contains("GDB_PORT"));
        Assert.That(() => RunCommand.Judge(Settings(("GDB_PORT", "1235")), debug: true, _ports.Object), Throws.Nothing);
    }

    /// <summary>A disk is copied where there is none yet, or where the built one is newer; every guest gets one of its own.</summary>
    [Test]
    public void CopiesTheRootDiskOnceForEachGuest()
    {
        Expect(status: 0);
        _programs.Setup(programs => programs.Run("cp", It.IsAny<string[]>())).Callback<string, string[]>((_, words) => File.Copy(words[^2], words[^1]));
        var template = _folder.Write("guest/disk.ext4", [1, 2, 3]);
        var settings = RunSettings.Read(Settings(("GUESTS", "2")), debug: false);
        _folder.Write("artifacts/images/rvirt-qemu.elf", [1]);
        void Boot() => RunCommand.Boot(settings, Copy, Outside);
        Boot();
        Boot();
        Assert.That(Copies(), Is.EqualTo(2), "the second run has its disks");
        File.SetLastWriteTimeUtc(template, File.GetLastWriteTimeUtc(Path.Combine(Copy.Run, "disk0.img")).AddHours(1));
        Boot();
        Assert.That(Copies(), Is.EqualTo(4), "the built disk is newer");
        Assert.That(Directory.GetFiles(Copy.Run).Select(Path.GetFileName), Is.EquivalentTo(["disk0.img", "disk1.img"]));
    }

    /// <summary>Guests of two suites have disks of their own.</summary>
    [Test]
    public void CopiesTheRootDiskOfTheSuite()
    {
        Expect(status: 0);
        _programs.Setup(programs => programs.Run("cp", It.IsAny<string[]>())).Callback<string, string[]>((_, words) => File.Copy(words[^2], words[^1]));
        _folder.Write("artifacts/images/rvirt-qemu.elf", [1]);
        foreach (var suite in (string[])["guest", "guest-sid"])
        {
            Directory.CreateDirectory(_folder.File("artifacts/" + suite));
            _folder.Write($"artifacts/{suite}/disk.ext4", System.Text.Encoding.ASCII.GetBytes(suite));
        }

        var copy = new WorkingCopy(_folder.File(""), _folder.File("artifacts/guest"));
        RunCommand.Boot(RunCommand.Judge(Settings(("NATIVE", "1")), debug: false, _ports.Object), copy, Outside);
        RunCommand.Boot(RunCommand.Judge(Settings(("NATIVE", "1"), ("SUITE", "sid")), debug: false, _ports.Object), copy, Outside);
        Assert.That(File.ReadAllText(Path.Combine(copy.Run, "disk0.img")), Is.EqualTo("guest"));
        Assert.That(File.ReadAllText(Path.Combine(copy.Run, "disk0-sid.img")), Is.EqualTo("guest-sid"));
    }

    /// <summary>A distribution's disk holds what its user put there: a newer one is said to be there, and takes nothing away.</summary>
    [Test]
    public void KeepsTheDiskOfADistribution()
    {
        var started = Expect(status: 0);
        _programs.Setup(programs => programs.Run("cp", It.IsAny<string[]>())).Callback<string, string[]>((_, words) => File.Copy(words[^2], words[^1]));
        void Boot() => RunCommand.Boot(RunCommand.JudgeDistribution(Settings(("NATIVE", "1")), _ports.Object), Copy, Outside);
        Assert.That(Boot, Throws.InstanceOf<IOException>().With.Message.EndsWith("disk.ext4 is missing: run make debian"));
        Directory.CreateDirectory(_folder.File("artifacts/debian"));
        var template = _folder.Write("artifacts/debian/disk.ext4", [1]);
        Boot();
        var disk = Path.Combine(Copy.Run, "debian0.img");
        File.WriteAllBytes(disk, [2]);
        File.SetLastWriteTimeUtc(template, File.GetLastWriteTimeUtc(disk).AddHours(1));
        Boot();
        Assert.That(File.ReadAllBytes(disk), Is.EqualTo(new byte[] { 2 }));
        Assert.That(Copies(), Is.EqualTo(1));
        Assert.That(started.Select(words => string.Join(' ', words)), Is.All.Contains($"file={disk} ").And.All.Contains("-m 1024M "));
    }

    private int Copies() => _programs.Invocations.Count(call => call.Method.Name == nameof(IPrograms.Run));

    [Test]
    public void ACopyThatBreaksOffLeavesTheOldDiskAndStartsNothing()
    {
        var template = _folder.Write("guest/disk.ext4", new byte[100]);
        Directory.CreateDirectory(Copy.Run);
        var disk = _folder.Write("artifacts/run/disk0.img", [7]);
        File.SetLastWriteTimeUtc(template, File.GetLastWriteTimeUtc(disk).AddHours(1));
        _programs.Setup(programs => programs.Run("cp", It.IsAny<string[]>())).Callback<string, string[]>((_, words) => File.WriteAllBytes(words[^1], new byte[50]))
            .Throws(new IOException("cp: error writing: No space left on device"));
        Assert.That(() => Run(("NATIVE", "1")), Throws.InstanceOf<IOException>().With.Message.Contains("No space left"));
        Assert.That(File.ReadAllBytes(disk), Is.EqualTo(new byte[] { 7 }));
        Assert.That(Directory.GetFiles(Copy.Run), Is.EqualTo([disk]));
        _programs.Verify(programs => programs.Become(It.IsAny<string>(), It.IsAny<IReadOnlyList<string>>()), Times.Never);
    }

    [Test]
    public void LogsInWithTheKeyOfTheBuildAndEndsWithTheCommandsStatus()
    {
        Assert.That(SshCommand.Run(Settings(), Copy, Outside), Is.EqualTo(1), "there is no key");
        _programs.VerifyNoOtherCalls();
        var started = Expect(status: 255);
        _folder.Write("guest/id_ed25519", [1]);
        Assert.That(SshCommand.Run(Settings(("CMD", "exit 5")), Copy, Outside), Is.EqualTo(255));
        Assert.That(started.Single().Take(3), Is.EqualTo(["ssh", "-p", "10001"]));
        Assert.That(started.Single().TakeLast(2), Is.EqualTo(["root@127.0.0.1", "exit 5"]));
    }

    [Test]
    public void TheDebuggerStartsWhereAMachineWaitsForOne()
    {
        var image = _folder.Write("artifacts/images/rvirt-qemu-sbi.elf", [1]);
        Assert.That(() => GdbCommand.Run(Settings(("FIRMWARE", "sbi"), ("GDB_PORT", "4321")), Copy, Outside), Throws.TypeOf<FormatException>().With.Message.Contains("port 4321"));
        _programs.VerifyNoOtherCalls();
        _ports.Setup(ports => ports.IsTaken(4321)).Returns(true);
        var started = Expect(status: 0);
        GdbCommand.Run(Settings(("FIRMWARE", "sbi"), ("GDB_PORT", "4321")), Copy, Outside);
        Assert.That(started.Single().TakeLast(3), Is.EqualTo([image, "-ex", "rvirt attach 127.0.0.1:4321"]));
        Assert.That(started.Single()[0], Is.EqualTo("gdb-multiarch"));
    }
}
