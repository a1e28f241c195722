using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using Moq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Files;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.Tool;

/// <summary>Files of the tool appear whole or not at all. Where no space is left is played by a limit on the size of files.</summary>
public sealed class WholeFileTests
{
    private const string Unfinished = @"^/d/\.x\.\d+-\d+\.unfinished$";

    private static readonly string Program = typeof(RunCommand).Assembly.Location;

    [Test]
    public void LeavesNothingOfADiskThatCouldNotBeCopied()
    {
        using var folder = new TemporaryFolder();
        var from = folder.Write("from", new byte[100]);
        var to = folder.Write("to", [7]);
        Assert.That(() => RunCommand.CopyDisk(folder.File("none"), to, Outside.Real), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllBytes(to), Is.EqualTo(new byte[] { 7 }));
        RunCommand.CopyDisk(from, to, Outside.Real);
        Assert.That(new FileInfo(to).Length, Is.EqualTo(100));
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(to)!), Has.Length.EqualTo(2));
    }

    [Test]
    public void LeavesNothingOfABlobWhereNoSpaceIsLeft()
    {
        using var folder = new TemporaryFolder();
        folder.Write("kernel", File.ReadAllBytes(Repository.UBootBinary));
        var (status, output) = Blob(folder, 200, "-o out.dtb --guest name=a,kernel=kernel,memory=64M");
        Assert.That(status, Is.EqualTo(1), output);
        Assert.That(Directory.GetFiles(folder.File("")), Is.EqualTo([folder.File("kernel")]), output);
    }

    [Test]
    public void NeverOverwritesItsOwnInputs()
    {
        using var folder = new TemporaryFolder();
        var mine = folder.Write("out.dts", "mine"u8);
        folder.Write("ker,nel", File.ReadAllBytes(Repository.UBootBinary));
        Assert.That(Blob(folder, null, "-o out.dtb --guest name=a,kernel=ker,,nel,memory=64M").Status, Is.Zero);
        Assert.That(File.ReadAllText(mine), Is.EqualTo("mine"));
        Assert.That(Blob(folder, null, "-o out.dts out.dts"), Is.EqualTo((1, $"error: {mine} would overwrite its own source\n")));
        Assert.That(Blob(folder, null, "-o ker,nel --guest name=a,kernel=ker,,nel").Status, Is.EqualTo(1));
        Assert.That(Blob(folder, null, "-o out.dtb --guest name=a,kernel=ker,,nel,memory=3M").Output, Is.EqualTo("error: memory is a multiple of 2M, which 3M is not\n"));
    }

    /// <summary>What a source takes in are inputs too, wherever that stands, and however it or the output is named.</summary>
    [TestCase("KERNEL Image", "Image")]
    [TestCase("KERNEL ./deep/../Image", "Image")]
    [TestCase("KERNEL linked/the Image", "the Image")]
    [TestCase("KERNEL link", "Image")]
    [TestCase("KERNEL Image", "link")]
    [TestCase("KERNEL Image", "linked/Image")]
    [TestCase("KERNEL end /Image", "end /Image")]
    [TestCase("/include/ \"nodes.dtsi\"", "nodes.dtsi")]
    [TestCase("/include/ \"deep/nodes.dtsi\"", "Image")]
    public void NeverOverwritesWhatItsSourceTakesIn(string source, string output)
    {
        static string Guest(string kernel) =>
            $"/ {{ compatible = \"rvirt,guests\"; guest {{ compatible = \"rvirt,guest\"; kernel = /incbin/(\"{kernel}\"); memory = <0x20000000>; }}; }};\n";

        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "deep", "end " })
        {
            Directory.CreateDirectory(folder.File(name));
        }

        foreach (var name in new[] { "Image", "the Image", "end /Image" })
        {
            // No instructions that do anything, and a loop.
            folder.Write(name, [0x13, 0, 0, 0, 0x13, 0, 0, 0, 0x13, 0, 0, 0, 0x6f, 0, 0, 0]);
        }

        File.CreateSymbolicLink(folder.File("link"), "Image");
        Directory.CreateSymbolicLink(folder.File("linked"), ".");
        folder.Write("nodes.dtsi", Encoding.UTF8.GetBytes(Guest("Image")));
        folder.Write("deep/nodes.dtsi", Encoding.UTF8.GetBytes(Guest("../Image")));
        const string Kernel = "KERNEL ";
        folder.Write(
            "machine.dts", Encoding.UTF8.GetBytes($"/dts-v1/;\n{(source.StartsWith(Kernel, StringComparison.Ordinal) ? Guest(source[Kernel.Length..]) : source)}\n"));
        var before = File.ReadAllBytes(folder.File(output));
        var files = Directory.GetFileSystemEntries(folder.File(""));

        var (status, problem) = Blob(folder, null, $"-o '{output}' machine.dts");
        Assert.That(status, Is.EqualTo(1), problem);
        Assert.That(problem, Does.StartWith($"error: {folder.File(output)} would overwrite {folder.File("")}").And.EndWith(", which goes into it\n"));
        Assert.That(File.ReadAllBytes(folder.File(output)), Is.EqualTo(before));
        Assert.That(Directory.GetFileSystemEntries(folder.File("")), Is.EquivalentTo(files), "nothing else is left");

        (status, problem) = Blob(folder, null, "-o Image.dtb machine.dts");
        Assert.That(status, Is.Zero, problem);
    }

    /// <summary>Its versions differ in what is before a space in a name.</summary>
    [TestCase("")]
    [TestCase("\\")]
    public void ReadsTheListOfAnyDtc(string before)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("a "));
        string[] names = [folder.Write("the source.dts", []), folder.Write("Image", []), folder.Write("a /two words", [])];
        var list = $"-: {string.Join(' ', names.Select(name => name.Replace(" ", before + " ", StringComparison.Ordinal)))}\n";
        Assert.That(DeviceTreeCompiler.Inputs(list), Is.EqualTo(names));
        Assert.That(() => DeviceTreeCompiler.Inputs(list[..^1]).ToArray(), Throws.InstanceOf<IOException>(), "the disk was full");
    }

    private static IOException Full => new("No space left on device");

    /// <summary>A disk may be full at each step; a file is as it was then, and what was begun is removed.</summary>
    [TestCase("create")]
    [TestCase("write")]
    [TestCase("flush")]
    [TestCase("rename")]
    public void AFullDiskLeavesTheOldFileAtEveryStep(string step)
    {
        var file = new Mock<Stream>();
        file.Setup(stream => stream.CanWrite).Returns(true);
        var files = new Mock<IFiles>();
        files.Setup(disk => disk.Create(It.IsRegex(Unfinished))).Returns(file.Object);
        if (step == "create")
        {
            files.Setup(disk => disk.Create(It.IsAny<string>())).Throws(Full);
        }
        else if (step == "write")
        {
            file.Setup(stream => stream.Write(It.IsAny<byte[]>(), It.IsAny<int>(), It.IsAny<int>())).Throws(Full);
            file.Setup(stream => stream.Write(It.IsAny<byte[]>(), 0, 0)).Throws(Full);
        }
        else if (step == "flush")
        {
            files.Setup(disk => disk.Flush(file.Object)).Throws(Full);
        }
        else
        {
            files.Setup(disk => disk.Rename(It.IsAny<string>(), It.IsAny<string>())).Throws(Full);
        }

        var whole = new WholeFile(files.Object);
        bool Write() => whole.Make("/d/x", path =>
        {
            whole.Fill(path, new MemoryStream([1, 2, 3]));
            return true;
        });
        Assert.That(Write, Throws.InstanceOf<IOException>().With.Message.EqualTo(Full.Message));
        files.Verify(disk => disk.Remove(It.IsRegex(Unfinished)), Times.Once);
        files.Verify(disk => disk.Rename(It.IsAny<string>(), "/d/x"), step == "rename" ? Times.Once : Times.Never);
        files.Verify(disk => disk.Remove("/d/x"), Times.Never);
        file.Verify(stream => stream.Close(), step == "create" ? Times.Never : Times.Once, "the file is closed");
    }

    /// <summary>It is on the disk before it has its name: a machine that loses power has the old file or the new one.</summary>
    [Test]
    public void AFileIsOnTheDiskBeforeItHasItsName()
    {
        var steps = new MockSequence();
        using var content = new MemoryStream();
        var files = new Mock<IFiles>(MockBehavior.Strict);
        files.Setup(disk => disk.IsFolder("/d/x")).Returns(false);
        files.Setup(disk => disk.Process).Returns(7);
        files.InSequence(steps).Setup(disk => disk.MakeFolder("/d"));
        files.InSequence(steps).Setup(disk => disk.Find("/d", ".x.", ".unfinished")).Returns([]);
        files.InSequence(steps).Setup(disk => disk.Create(It.IsRegex(Unfinished))).Returns(content);
        files.InSequence(steps).Setup(disk => disk.Flush(content)).Callback(() => Assert.That(content.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 })));
        files.InSequence(steps).Setup(disk => disk.Rename(It.IsRegex(Unfinished), "/d/x"));
        var whole = new WholeFile(files.Object);
        Assert.That(
            whole.Make("/d/x", path =>
            {
                whole.Fill(path, new MemoryStream([1, 2, 3]));
                return true;
            }),
            Is.True);
        files.Verify(disk => disk.Rename(It.IsRegex(Unfinished), "/d/x"), Times.Once);
    }

    /// <summary>Two runs of one target at a time, the second from beginning to end while the first writes: each leaves a whole file, its own.</summary>
    [Test]
    public void TwoRunsThatMakeOneFileDoNotWriteIntoEachOther()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x");
        static void Append(string file, byte value)
        {
            using var stream = new FileStream(file, FileMode.Append);
            stream.WriteByte(value);
        }

        var made = WholeFile.OnDisk.Make(path, first =>
        {
            Append(first, 1);
            Assert.That(
                WholeFile.OnDisk.Make(path, second =>
                {
                    Append(second, 2);
                    return true;
                }),
                Is.True);
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 2 }));
            Append(first, 1);
            return true;
        });
        Assert.That(made, Is.True);
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 1, 1 }));
        Assert.That(Directory.GetFiles(folder.File("")), Is.EqualTo([path]));
    }

    /// <summary>What a process that is gone left is removed; not what one writes that runs, and not what only looks alike.</summary>
    [Test]
    public void RemovesWhatOnlyTheDeadLeft()
    {
        var files = new Mock<IFiles>();
        files.Setup(disk => disk.Find("/d", ".x.", ".unfinished"))
            .Returns([".x.7-1.unfinished", ".x.8-3.unfinished", ".x.7.unfinished", ".x.mine-1.unfinished", ".x.-7-1.unfinished"]);
        files.Setup(disk => disk.IsRunning(8)).Returns(true);
        Assert.That(new WholeFile(files.Object).Make("/d/x", _ => true), Is.True);
        files.Verify(disk => disk.Remove("/d/.x.7-1.unfinished"), Times.Once);
        files.Verify(disk => disk.Remove(It.IsAny<string>()), Times.Once);
    }

    /// <summary>Where the rest cannot be removed either, what is told is why the file could not be written.</summary>
    [Test]
    public void TellsWhyAFileFailedNotThatItsRestStays()
    {
        var files = new Mock<IFiles>();
        files.Setup(disk => disk.Remove(It.IsAny<string>())).Throws(new UnauthorizedAccessException("cannot remove"));
        Assert.That(() => new WholeFile(files.Object).Make("/d/x", _ => throw Full), Throws.InstanceOf<IOException>().With.Message.EqualTo(Full.Message));
    }

    /// <summary>Ctrl-C in the middle: the old blob stays, and what lies about does not disturb the next run, which removes it.</summary>
    [Test]
    public void AnInterruptedBlobLeavesTheOldOneAndNoHurdleForTheNext()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("bin"));
        folder.Write("kernel", File.ReadAllBytes(Repository.UBootBinary));
        var old = folder.Write("out.dtb", [7]);
        var dtc = folder.Write("bin/dtc", "#!/bin/sh\nhead -c 4096 /dev/zero\n: >ready\nexec sleep 600\n"u8);
        Commands.Run("chmod", ["+x", dtc]);
        string[] arguments = [Program, "blob", "-o", "out.dtb", "--guest", "name=a,kernel=kernel,memory=64M"];

        // A session of its own: Ctrl-C goes to every process that a terminal runs in the foreground, where the signal is not ignored as it is in the background.
        var start = new ProcessStartInfo("setsid", ["env", "--default-signal=INT", "dotnet", .. arguments]) { WorkingDirectory = folder.File("") };
        start.Environment["PATH"] = $"{folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        using (var tool = Process.Start(start)!)
        {
            Patience.Until(() => tool.HasExited || File.Exists(folder.File("ready")), "half a blob is written");
            Assert.That(Commands.Run("bash", ["-c", $"kill -INT -{tool.Id}"]).Status, Is.Zero);
            tool.WaitForExit();
            Assert.That(tool.ExitCode, Is.Not.Zero);
        }

        Assert.That(File.ReadAllBytes(old), Is.EqualTo(new byte[] { 7 }));
        Assert.That(Commands.Run("env", ["-C", folder.File(""), "dotnet", .. arguments]).Status, Is.Zero);
        Assert.That(new FileInfo(old).Length, Is.GreaterThan(4096));
        Assert.That(Directory.GetFiles(folder.File("")).Select(Path.GetFileName), Is.EquivalentTo(["kernel", "out.dtb", "ready"]));
    }

    private static (int Status, string Output) Blob(TemporaryFolder folder, int? kibibytes, string arguments) => Commands.Run(
        "env",
        [
            "-C", folder.File(""), "DOTNET_EnableWriteXorExecute=0", "bash", "-c",
            $"{(kibibytes is { } limit ? $"trap '' XFSZ; ulimit -f {limit}; " : "")}exec dotnet '{Program}' blob {arguments}",
        ]);
}
