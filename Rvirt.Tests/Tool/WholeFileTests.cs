using System.IO;
using System.Text;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Commands;

namespace Rvirt.Tests.Tool;

/// <summary>Files of the tool appear whole or not at all. Where no space is left is played by a limit on the size of files.</summary>
public sealed class WholeFileTests
{
    private static readonly string Program = typeof(RunCommand).Assembly.Location;

    [Test]
    public void Leaves_nothing_of_a_disk_that_could_not_be_copied()
    {
        using var folder = new TemporaryFolder();
        var from = folder.Write("from", new byte[100]);
        var to = folder.Write("to", [7]);
        Assert.That(() => RunCommand.CopyDisk(folder.File("none"), to), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllBytes(to), Is.EqualTo(new byte[] { 7 }));
        RunCommand.CopyDisk(from, to);
        Assert.That(new FileInfo(to).Length, Is.EqualTo(100));
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(to)!), Has.Length.EqualTo(2));
    }

    [Test]
    public void Leaves_nothing_of_a_blob_where_no_space_is_left()
    {
        using var folder = new TemporaryFolder();
        folder.Write("kernel", File.ReadAllBytes(Repository.UBootBinary));
        var (status, output) = Blob(folder, 200, "-o out.dtb --guest name=a,kernel=kernel,memory=64M");
        Assert.That(status, Is.EqualTo(1), output);
        Assert.That(Directory.GetFiles(folder.File("")), Is.EqualTo([folder.File("kernel")]), output);
    }

    [Test]
    public void Never_overwrites_its_own_inputs()
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

    private static (int Status, string Output) Blob(TemporaryFolder folder, int? kibibytes, string arguments) => Commands.Run(
        "env",
        [
            "-C", folder.File(""), "DOTNET_EnableWriteXorExecute=0", "bash", "-c",
            $"{(kibibytes is { } limit ? $"trap '' XFSZ; ulimit -f {limit}; " : "")}exec dotnet '{Program}' blob {arguments}",
        ]);
}
