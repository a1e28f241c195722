using System;
using System.IO;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>Bare metal in C# as a stranger begins it: the samples, in a folder of their own, with the package of the compiler and nothing else of the repository.</summary>
[Category("System")]
public sealed class SampleTests
{
    private readonly TemporaryFolder _folder = new();

    [OneTimeSetUp]
    public void Copy()
    {
        _folder.Write("nuget.config", Encoding.UTF8.GetBytes($"<configuration><packageSources><add key=\"here\" value=\"{PackageFolder.Path}\" /></packageSources></configuration>"));
        foreach (var sample in new[] { "hello", "blinky" })
        {
            var target = Directory.CreateDirectory(_folder.File(sample)).FullName;
            foreach (var file in Directory.GetFiles(Path.Combine(Repository.Top, "samples", sample)))
            {
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
            }
        }
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void HelloIsFourFilesUnderSixtyLinesThatPrintAndEnd()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Top, "samples/hello"));
        Assert.That(files, Has.Length.EqualTo(4));
        Assert.That(files.Sum(file => File.ReadAllLines(file).Length), Is.LessThan(60));
        using var qemu = Run("hello");
        qemu.Expect("^Hello from C#, without a runtime\r?\n$", 60);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
        Assert.That(Directory.GetDirectories(_folder.File("cache"), "rvirt.*").Select(Path.GetFileName), Is.EqualTo(["rvirt.aot"]), "the compiler alone");
    }

    [Test]
    public void BlinkyTakesTheTimersInterruptsAndTheUARTs()
    {
        using var qemu = Run("blinky");
        qemu.Expect("blinky: type q to end\r?\non\r?\noff\r?\non\r?\noff\r?\n", 60);
        qemu.Send("x");
        qemu.Expect("on\r?\noff\r?\n", 60);
        qemu.Send("q");
        qemu.Expect("the end\r?\n$", 60);
        Assert.That(qemu.WaitForExit(60), Is.Zero, qemu.Describe);
    }

    private QemuMachine Run(string sample)
    {
        var (status, output) = Commands.Run(
            "env",
            [
                $"NUGET_PACKAGES={_folder.File("cache")}", "dotnet", "publish", _folder.File(sample), "-c", "Release", "--nologo", "-nodeReuse:false",
                "-p:UseSharedCompilation=false", "-p:RestoreIgnoreFailedSources=true", "-p:TreatWarningsAsErrors=true",
            ],
            TimeSpan.FromMinutes(3));
        Assert.That(status, Is.Zero, output);
        return QemuMachine.Start(["-bios", "none", "-smp", "1", "-kernel", Path.Combine(_folder.File(sample), $"bin/Release/net10.0/publish/{sample}.elf")], TimeSpan.FromMinutes(2));
    }
}
