using NUnit.Framework;

namespace Rvirt.Tests.Hypervisor.Monitor;

/// <summary>What the monitor sends a terminal as a line is typed, to the byte.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LineEditorTests
{
    private const string Back = "\b", Erase = "\u001b[K", Bell = "\a";
    private const string Up = "\u001b[A", Down = "\u001b[B", Right = "\u001b[C", Left = "\u001b[D";
    private const string Version = "\r\n  Rvirt 0.1.0\r\nrvirt: ok\r\nrvirt> ";

    private readonly MonitorWorld _world = new();

    [TestCase("abc", "abc")]
    [TestCase("ab\u007f", "ab\b" + Erase, Description = "delete key")]
    [TestCase("ab\bc", "ab\b" + Erase + "c", Description = "backspace")]
    [TestCase("\b", "", Description = "nothing to erase")]
    [TestCase("ac" + Left + "b", "ac" + Back + "bc" + Back)]
    [TestCase("ac\u001bOD" + "b", "ac" + Back + "bc" + Back, Description = "cursor keys in application mode")]
    [TestCase("abc" + Left + Left + "\b", "abc" + Back + Back + Back + Erase + "bc" + Back + Back)]
    [TestCase("abc" + Left + "\u001b[3~", "abc" + Back + "c" + Back + Erase, Description = "delete")]
    [TestCase("ab" + Left + Left + Left + Right + Right + Right, "ab" + Back + Back + "a" + "b", Description = "no further than the ends")]
    [TestCase("ab\u0001\u0005", "ab" + Back + Back + "ab", Description = "Ctrl-A, Ctrl-E")]
    [TestCase("ab\u001b[H\u001b[F\u001b[1~\u001b[4~", "ab" + Back + Back + "ab" + Back + Back + "ab")]
    [TestCase("ab cd\u0017", "ab cd" + Back + Back + Erase, Description = "Ctrl-W")]
    [TestCase("ab cd  \u0017\u0017\u0017", "ab cd  " + Back + Back + Back + Back + Erase + Back + Back + Back + Erase)]
    [TestCase("abc" + Left + "\u0015", "abc" + Back + Back + Back + Erase + "c" + Back, Description = "Ctrl-U")]
    [TestCase("abc" + Left + Left + "\u000bx", "abc" + Back + Back + Erase + "x", Description = "Ctrl-K")]
    [TestCase("\u0000\u0007\u00e4\u001b[5~\u001b[99;5Ax", "x", Description = "what means nothing is not shown, though a sequence has parameters")]
    public void TypingShows(string typed, string shown) => Assert.That(_world.TypeOnly(typed), Is.EqualTo(shown));

    [TestCase("vers\u0002\u0002\u0002\u0002\u0006\u0006\u0006\u0006ion\r")]
    [TestCase("ersion" + "\u0001v\r")]
    [TestCase("verssion" + Left + Left + Left + "\b\r")]
    [TestCase("x\u0015version\r")]
    public void WhatIsSeenIsWhatRuns(string typed) => Assert.That(_world.TypeOnly(typed), Does.EndWith(Version));

    [Test]
    public void ALineEndsAtReturnLineFeedOrBoth()
    {
        Assert.That(_world.TypeOnly("version\r"), Is.EqualTo("version" + Version));
        Assert.That(_world.TypeOnly("\nversion\n"), Is.EqualTo("version" + Version), "the line feed belongs to the return before it");
        Assert.That(_world.TypeOnly("\n"), Is.EqualTo("\r\nrvirt> "), "one alone does not");
    }

    [Test]
    public void CtrlCGivesALineUp() => Assert.That(_world.TypeOnly("bad\u0003version\r"), Is.EqualTo("bad^C\r\nrvirt> version" + Version));

    [Test]
    public void ALineThatIsFullRings()
    {
        Assert.That(_world.TypeOnly(new string('x', 128)), Is.EqualTo(new string('x', 128)));
        Assert.That(_world.TypeOnly("y\b"), Is.EqualTo(Bell + Back + Erase));
    }

    [Test]
    public void TheLastEightLinesComeBack()
    {
        for (var i = 0; i < 10; i++)
        {
            _world.TypeOnly($"bad{i}\rbad{i}\r");
        }

        Assert.That(_world.TypeOnly("new"), Is.EqualTo("new"));
        Assert.That(_world.TypeOnly(Up), Is.EqualTo(Back + Back + Back + Erase + "bad9"));
        for (var i = 8; i >= 2; i--)
        {
            Assert.That(_world.TypeOnly(i % 2 == 0 ? Up : "\u0010"), Is.EqualTo(Back + Back + Back + Back + Erase + $"bad{i}"));
        }

        Assert.That(_world.TypeOnly(Up), Is.Empty, "that was the eighth");
        Assert.That(_world.TypeOnly(Down), Does.EndWith("bad3"));
        for (var i = 4; i <= 9; i++)
        {
            Assert.That(_world.TypeOnly("\u000e"), Does.EndWith($"bad{i}"));
        }

        Assert.That(_world.TypeOnly(Down), Is.EqualTo(Back + Back + Back + Back + Erase + "new"), "what was typed is still there");
        Assert.That(_world.TypeOnly(Down), Is.Empty);
    }

    [TestCase("vers\t", "vers" + "ion ")]
    [TestCase("!vers\t", "!vers" + "ion ", Description = "behind the mark of a script")]
    [TestCase("v\t", "v\r\n  version  vcpus\r\nrvirt> v")]
    [TestCase("zz\t", "zz" + Bell)]
    [TestCase("regs w\t", "regs w" + "eb")]
    [TestCase("regs web\t", "regs web\r\n  web  web.test\r\nrvirt> regs web")]
    [TestCase("regs web.\t", "regs web." + "test ")]
    [TestCase("  gue\t", "  gue" + "sts ")]
    public void TabCompletes(string typed, string shown) => Assert.That(_world.TypeOnly(typed), Is.EqualTo(shown));

    [Test]
    public void ThePromptComesBackWithWhatWasTyped()
    {
        _world.TypeOnly("guests" + Left);
        _world.Show();
        Assert.That(_world.Output, Is.EqualTo("rvirt> guests" + Back));
    }
}
