using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// What make remembers of the tool's build and of what images are restored for, in a working copy of a few files with a compiler that only says
/// that it ran: whatever was not built or restored as it stands is, and nothing else.
/// </summary>
[Category("System")]
public sealed class MakeRecordTests
{
    private const string Source = "Rvirt.Core/Source.cs";
    private const string Board = "Rvirt.Platform.Qemu/Rvirt.Platform.Qemu.csproj";
    private const string Assets = "Rvirt.Core/obj/project.assets.json";

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Begin()
    {
        _folder = new TemporaryFolder();
        foreach (var file in new[] { Source, "Rvirt.Tool/Rvirt.Tool.csproj", "Directory.Build.props", "global.json", "bin/dotnet", Board, "Rvirt.Platform.Unleashed/Rvirt.Platform.Unleashed.csproj", "Rvirt.Platform.Generic/Rvirt.Platform.Generic.csproj", "guests/setup.sh" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(file))!);
            _folder.Write(file, "\n"u8);
        }

        foreach (var program in new[] { "bin/dotnet", "guests/setup.sh" })
        {
            File.SetUnixFileMode(_folder.File(program), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _folder.Write("guests/setup.sh", "#!/bin/sh\n"u8);
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
        Compiler($"[ -e nested ] || {{ : >nested; {string.Join(' ', Make("tool"))}; }}");
        Assert.That(Builds(), Is.True);
        Compiler("true");
        Assert.That(Builds(), Is.False);
    }

    [Test]
    public void WhatImagesAreRestoredForIsNotRestoredAgain()
    {
        Assert.That(Restores(), Is.True, "never restored");
        Assert.That(Restores(), Is.False, "nothing changed");
        _folder.Write(Source, "// changed\n"u8);
        Assert.That(Restores(), Is.False, "no source is restored");
    }

    [TestCase(Board, TestName = "a board's project is changed")]
    [TestCase("Rvirt.Core/Rvirt.Core.csproj", TestName = "a project comes")]
    [TestCase("Directory.Packages.props", TestName = "properties come")]
    [TestCase("global.json", TestName = "the SDK is another")]
    public void WhatImagesDependOnIsRestored(string file)
    {
        Restores();
        _folder.Write(file, "\n\n"u8);
        Assert.That(Restores(), Is.True);
        Assert.That(Restores(), Is.False);
    }

    [Test]
    public void WhatARestoreLeftAndIsGoneIsRestored()
    {
        Restores();
        File.Delete(_folder.File(Assets));
        Assert.That(Restores(), Is.True);
    }

    [TestCase("false")]
    [TestCase("kill -9 $PPID")]
    public void ARestoreThatDoesNotEndIsNoneAtAll(string does)
    {
        Compiler(does, of: "restore");
        Assert.That(Restores(expected: 2), Is.True);
        Compiler("true");
        Assert.That(Restores(), Is.True);
        Assert.That(Restores(), Is.False);
    }

    /// <summary>NuGet may have read it before or after.</summary>
    [Test]
    public void WhatChangesWhileImagesAreRestoredIsRestoredAgain()
    {
        Compiler($"echo >>{Board}", of: "restore");
        Assert.That(Restores(), Is.True);
        Compiler("true");
        Assert.That(Restores(), Is.True);
        Assert.That(Restores(), Is.False);
    }

    // Says what it is asked for, leaves what that leaves, and does something more; but for publishing and judging settings, which make does each time.
    // A file's time is that of the clock's last tick: what it changes, and what is changed once it is done, is newer than make's record only from the next one on.
    private void Compiler(string does, string of = "build") => _folder.Write("bin/dotnet", System.Text.Encoding.ASCII.GetBytes($"""
        #!/bin/sh
        echo "$1 $2" >>log
        case $1 in
        build) mkdir -p Rvirt.Tool/bin/Release/net10.0 && : >Rvirt.Tool/bin/Release/net10.0/Rvirt.Tool.dll ;;
        restore) mkdir -p Rvirt.Core/obj && : >{Assets} ;;
        *.dll | publish) exit ;;
        esac
        touch begun
        until touch now && [ -n "$(find now -newer begun)" ]; do :; done
        [ "$1" = {of} ] || exit 0
        {does}

        """));

    private bool Builds(int expected = 0) => Run("tool", expected).Length != 0;

    private bool Restores(int expected = 0)
    {
        var asked = Run("image", expected);
        Assert.That(asked.Count(line => line.StartsWith("publish ", StringComparison.Ordinal)), Is.EqualTo(expected == 0 ? 3 : 0), "all boards, each time");
        return asked.Any(line => line.StartsWith("restore ", StringComparison.Ordinal));
    }

    private string[] Run(string goal, int expected)
    {
        var log = _folder.File("log");
        File.Delete(log);
        var make = Make(goal).ToArray();
        var (status, output) = Commands.Run(make[0], make[1..]);
        Assert.That(status, Is.EqualTo(expected), output);
        return File.Exists(log) ? File.ReadAllLines(log) : [];
    }

    private IEnumerable<string> Make(string goal) => ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES", $"PATH={_folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
        "make", "--no-print-directory", "-f", Path.Combine(Repository.Top, "Makefile"), "-C", _folder.File(""), goal];
}
