using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using NUnit.Framework;
using Rvirt.Tests.Aot.Suite;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Images;

/// <summary>gdb-multiarch on a compiled program: it stops at a line of C#, shows it and the calls, and prints values of every shape.</summary>
public class DebuggerTests
{
    private const string File = "DebuggingCases.cs";

    private string _output = "";
    private int _line;

    [OneTimeSetUp]
    public void Debug()
    {
        var source = Path.Combine(Repository.Top, "Rvirt.Tests.AotCases/Cases", File);
        _line = 1 + System.IO.File.ReadLines(source).TakeWhile(line => !line.EndsWith("// stop here", StringComparison.Ordinal)).Count();
        var image = TargetRun.At("0").Image;
        using var folder = new TemporaryFolder();
        var socket = folder.File("gdb");
        using var program = Process.Start(new ProcessStartInfo("qemu-riscv64", ["-g", socket, image, "1"])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            UnixSockets.AwaitListener(socket, program);
            string[] commands =
            [
                "set pagination off", "set print pretty off", "set remotetimeout 600", $"target remote {socket}", $"break {File}:{_line}", "continue", "list", "backtrace 3",
                "info args", "info locals", "print *this", "print this->Origin.Y", "print offset->X", "print *this->Next", "ptype this->Sizes",
                "print 'Rvirt.Tests.AotCases.Cases.DebuggingCases.s_last'", "next", "print sum", "kill",
            ];
            (_, _output) = Commands.Run(
                "gdb-multiarch", ["-q", "-nx", "-batch", image, .. commands.SelectMany(command => new[] { "-ex", command })], TimeSpan.FromSeconds(40));
        }
        finally
        {
            program.Kill();
        }
    }

    [Test]
    public void StopsAtALineOfCSharpAndListsIt() => Assert.Multiple(() =>
    {
        Assert.That(_output, Does.Match($@"Breakpoint 1, .*DebuggingCases\.Scene\.Sum.*{File}:{_line}"));
        Assert.That(_output, Does.Match($@"(?m)^{_line}\t.*sum \+= Sizes\[i\] \* factor; // stop here$"));
    });

    [Test]
    public void ShowsTheCalls() => Assert.That(
        _output, Does.Match($@"(?s)#0 .*Scene\.Sum.* at .*{File}:{_line}\n#1 .*DebuggingCases\.Values.* at .*{File}:\d+\n#2 .*guarded_call.*Start\.S"));

    [Test]
    public void ShowsParametersAndLocals() => Assert.Multiple(() =>
    {
        Assert.That(_output, Does.Match(@"(?m)^this = 0x[0-9a-f]+"));
        Assert.That(_output, Does.Match(@"(?m)^factor = -3( '.*')?$"));
        Assert.That(_output, Does.Match(@"(?m)^i = 0$"));
        // -7 + 2^40 + 6
        Assert.That(_output, Does.Match(@"(?m)^sum = 1099511627775$"));
    });

    [Test]
    public void PrintsStructsWithTheirFields() => Assert.Multiple(() =>
    {
        Assert.That(_output, Does.Match(
            @"\$1 = \{Origin = \{X = -7, Y = 1099511627776\}, Color = (\w+(\.|::))*Green, IsVisible = true, Sizes = \{items = \{11, -22, 33\}\}, Next = 0x[0-9a-f]+\}"));
        Assert.That(_output, Does.Contain("$2 = 1099511627776"));
        Assert.That(_output, Does.Contain("$3 = 5"));
        Assert.That(_output, Does.Match(@"\$4 = \{Origin = \{X = 0, Y = 0\}, Color = (\w+(\.|::))*Red"));
        Assert.That(_output, Does.Match(@"type = struct .*DebuggingCases\.Triple \{\s+short items\[3\];"));
    });

    [Test]
    public void PrintsStaticFields() => Assert.That(_output, Does.Contain("$5 = {X = 5, Y = 6}"));

    [Test]
    public void StepsALineOfCSharp() => Assert.That(_output, Does.Contain($"$6 = {(1L << 40) - 1 - 33}"), _output);
}
