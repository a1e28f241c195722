using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// What make remembers of a build, in a working copy of a few files with a compiler that only says that it ran: whatever was not built as it
/// stands is built, and nothing else.
/// </summary>
[Category("System")]
public sealed class MakeRecordTests
{
    private const string Source = "Rvirt.Core/Source.cs";

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Begin()
    {
        _folder = new TemporaryFolder();
        foreach (var file in new[] { Source, "Rvirt.Tool/Rvirt.Tool.csproj", "Directory.Build.props", "global.json", "bin/dotnet" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(file))!);
            _folder.Write(file, "\n"u8);
        }

        File.SetUnixFileMode(_folder.File("bin/dotnet"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Compiler("true");
    }

    [TearDown]
    public void End() => _folder.Dispose();

    [Test]
    public void WhatIsBuiltIsNotBuiltAgain()
    {
        Assert.That(Builds(), Is.True, "never built");
        Assert.That(Builds(), Is.False, "nothing changed");
    }

    [TestCase(Source, TestName = "a source is changed")]
    [TestCase("Rvirt.Core/Another.cs", TestName = "a source comes")]
    [TestCase("Directory.Build.props", TestName = "a property is changed")]
    public void WhatChangedIsBuilt(string file)
    {
        Builds();
        _folder.Write(file, "// changed\n"u8);
        Assert.That(Builds(), Is.True);
        Assert.That(Builds(), Is.False);
    }

    [Test]
    public void ASourceThatGoesIsBuiltWithout()
    {
        Builds();
        File.Delete(_folder.File(Source));
        Assert.That(Builds(), Is.True);
    }

    [Test]
    public void ABuildThatFailsIsNoneAtAll()
    {
        Compiler("false");
        Assert.That(Builds(expected: 2), Is.True);
        Compiler("true");
        Assert.That(Builds(), Is.True);
    }

    [Test]
    public void ABuildThatIsKilledIsNoneAtAll()
    {
        Compiler("kill -9 $PPID");
        Assert.That(Builds(expected: 2), Is.True);
        Compiler("true");
        Assert.That(Builds(), Is.True);
    }

    /// <summary>The compiler may have read it before or after.</summary>
    [Test]
    public void WhatChangesWhileItIsBuiltIsBuiltAgain()
    {
        Compiler($"echo // >>{Source}");
        Assert.That(Builds(), Is.True);
        Compiler("true");
        Assert.That(Builds(), Is.True);
        Assert.That(Builds(), Is.False);
    }

    /// <summary>Another make builds and is done while this one builds: each moves a record of its own into place.</summary>
    [Test]
    public void TwoAtOnceDoNotTakeEachOthersRecord()
    {
        Compiler($"[ -e nested ] || {{ : >nested; {string.Join(' ', Make())}; }}");
        Assert.That(Builds(), Is.True);
        Compiler("true");
        Assert.That(Builds(), Is.False);
    }

    private void Compiler(string does) => _folder.Write(
        "bin/dotnet", System.Text.Encoding.ASCII.GetBytes($"#!/bin/sh\necho built >>log\nmkdir -p Rvirt.Tool/bin/Release/net10.0 && : >Rvirt.Tool/bin/Release/net10.0/Rvirt.Tool.dll\n{does}\n"));

    private bool Builds(int expected = 0)
    {
        File.Delete(_folder.File("log"));
        var make = Make().ToArray();
        var (status, output) = Commands.Run(make[0], make[1..]);
        Assert.That(status, Is.EqualTo(expected), output);
        return File.Exists(_folder.File("log"));
    }

    private IEnumerable<string> Make() => ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES", $"PATH={_folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
        "make", "--no-print-directory", "-f", Path.Combine(Repository.Top, "Makefile"), "-C", _folder.File(""), "tool"];
}
