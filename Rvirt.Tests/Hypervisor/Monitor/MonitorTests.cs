using System;
using System.Globalization;
using System.Linq;
using System.Reflection;
using Moq;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Mmu;

namespace Rvirt.Tests.Hypervisor.Monitor;

/// <summary>What the monitor answers where something is wrong with what was typed, and the order in which it goes. What commands say is in docs/monitor.md.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class MonitorTests
{
    private readonly MonitorWorld _world = new();

    [TestCase("nonsense", "nonsense: no command of that name; help names all")]
    [TestCase("guests now", "use: guests")]
    [TestCase("vcpus", "use: vcpus GUEST")]
    [TestCase("regs", "use: regs GUEST[.HART]")]
    [TestCase("walk web", "use: walk GUEST[.HART] ADDRESS")]
    [TestCase("mem web 0 1 2", "use: mem GUEST ADDRESS [BYTES]")]
    [TestCase("help nonsense", "nonsense: no command of that name")]
    [TestCase("vcpus mail", "mail: no guest of that name or number")]
    [TestCase("vcpus 2", "2: no guest of that name or number")]
    [TestCase("vcpus -1", "-1: no guest of that name or number")]
    [TestCase("regs web.2", "web.2: the guest has no hart of that number")]
    [TestCase("regs web.18446744073709551616", "web.18446744073709551616: no guest of that name or number")]
    [TestCase("regs 0.x", "0.x: no guest of that name or number")]
    [TestCase("regs mail.0", "mail.0: no guest of that name or number")]
    [TestCase("walk web 0x", "0x: no address")]
    [TestCase("walk web 1ffff", "1ffff: no address")]
    [TestCase("walk web 0x10000000000000000", "0x10000000000000000: no address")]
    [TestCase("mem web top", "top: no address")]
    [TestCase("mem web 0x80000000 0", "0: no number of bytes, 1 to 65536")]
    [TestCase("mem web 0x80000000 65537", "65537: no number of bytes, 1 to 65536")]
    [TestCase("mem web 0x7fffffff", "0x7fffffff: no RAM of the guest")]
    [TestCase("mem web 0xa0000000", "0xa0000000: no RAM of the guest")]
    [TestCase("mem web 0xffffffffffffffff", "0xffffffffffffffff: no RAM of the guest")]
    [TestCase("stats web -x", "-x: the one option is -r")]
    [TestCase("break web", "use: break GUEST ADDRESS")]
    [TestCase("break mail 0x80312410", "mail: no guest of that name or number")]
    [TestCase("break web.test 0x80312410", "web.test: is not paused")]
    [TestCase("break web do_sys_open", "do_sys_open: no address")]
    [TestCase("break web 0x100", "0x100: no instruction in the guest's RAM")]
    [TestCase("break web 0x80312412", "web: has as many breakpoints as there can be, 16")]
    [TestCase("unbreak web 0x80312412", "0x80312412: no breakpoint")]
    [TestCase("unbreak web.test 0x80312410", "web.test: is not paused")]
    [TestCase("focus mail", "mail: no guest of that name or number")]
    [TestCase("escape x", "x: write ^ and one of @ A-Z [ \\ ] ^ _ but J and M, or none")]
    [TestCase("trace", "use: trace on|off|CORE [TRAPS]")]
    [TestCase("trace 4", "4: no hart of the host of that number, nor on or off")]
    [TestCase("trace web", "web: no hart of the host of that number, nor on or off")]
    [TestCase("trace on 1", "on: no hart of the host of that number, nor on or off")]
    [TestCase("trace 2 0", "0: no number of traps, 1 to 256")]
    [TestCase("trace 2 257", "257: no number of traps, 1 to 256")]
    public void WhatIsWrongIsSaid(string command, string error) => Assert.That(_world.Ask(command), Is.EqualTo(["rvirt: error: " + error]));

    [TestCase("vcpus web")]
    [TestCase("vcpus 0")]
    [TestCase("  vcpus   web  ")]
    [TestCase("!vcpus web")]
    public void AGuestHasANameAndANumber(string command) => Assert.That(_world.Ask(command), Has.Length.EqualTo(4).And.Some.Contains("0xffffffff80a6943e"));

    [TestCase("regs web", "0xffffffff80a6943e")]
    [TestCase("regs 0.0", "0xffffffff80a6943e")]
    [TestCase("regs web.test", "0x0000000080200000", Description = "a name with a dot in it")]
    [TestCase("regs web.test.0", "0x0000000080200000")]
    [TestCase("regs 1", "0x0000000080200000")]
    public void AHartIsNamedBehindItsGuest(string command, string pc) => Assert.That(_world.Ask(command)[0], Does.StartWith("  pc       " + pc));

    [Test]
    public void AnEmptyLineIsNoQuestion() => Assert.That(_world.Type("\r  \r!\r"), Is.EqualTo("\r\nrvirt>   \r\nrvirt> !\r\nrvirt> "));

    /// <summary>Down to what ends each walk, none of which is an error of whoever asked.</summary>
    [TestCase("walk web 0xffffffff80200008", "  level 0  0x0000000081aa4000  0x81aa400081aa4000  not valid")]
    [TestCase("walk web 0xffffffff80205008", "  level 0  0x0000000081aa4028  0x00000000201004d7  4 KiB  rw u a d  -> 0x80401008 (host 0x88401008); shadow: none")]
    [TestCase("walk web 0xffffffff80400000", "  level 1  0x0000000081aa3010  0x00000000200004ef  misaligned")]
    [TestCase("walk web 0xffffffff80600000", "  level 1  0x0000000081aa3018  0x81aa301881aa3018  not valid")]
    [TestCase("walk web 0", "  level 2  0x0000000081a06000  0xfffffffffffffc01  reserved")]
    [TestCase("walk web 0x4000000000", "  the mode has no such address")]
    [TestCase("walk web.test 0x80000000", "  translation is off")]
    public void AWalkEndsWhereTheTablesDo(string command, string last) => Assert.That(_world.Ask(command)[^2..], Is.EqualTo([last, "rvirt: ok"]));

    [Test]
    public void MemoryEndsWhereTheGuestsDoes()
    {
        Assert.That(_world.Ask("mem web 0x9ffffff1 100"), Is.EqualTo(["  0x000000009ffffff0  0x9ffffff09ffffff0 0x9ffffff89ffffff8", "rvirt: ok"]));
        Assert.That(_world.Ask("mem web 2147483655 1"), Is.EqualTo(["  0x0000000080000000  0x8000000080000000", "rvirt: ok"]), "decimal, and a byte of a doubleword");
    }

    [Test]
    public void CountingBeginsAgain()
    {
        Assert.That(_world.Ask("stats web.test -r"), Is.EqualTo(["rvirt: ok"]));
        _world.View.Verify(view => view.ForgetCounters(1), Times.Once);
    }

    [TestCase("on", true)]
    [TestCase("off", false)]
    public void TracingIsSwitched(string word, bool on)
    {
        Assert.That(_world.Ask("trace " + word), Is.EqualTo(["rvirt: ok"]));
        _world.View.Verify(view => view.SetTracing(on), Times.Once);
        _world.View.Verify(view => view.SetTracing(!on), Times.Never);
    }

    [Test]
    public void SixteenTrapsAreShownWhereNoNumberIsGiven()
    {
        Assert.That(_world.Ask("trace 2"), Has.Length.EqualTo(16 - 1 + 1), "one was overwritten meanwhile");
        Assert.That(_world.Ask("trace 1"), Is.EqualTo(["rvirt: ok"]), "nothing was noted down there");
    }

    [Test]
    public void TheTerminalIsToldWhatToShow()
    {
        Assert.That(_world.Ask("focus web.test"), Is.EqualTo(["rvirt: ok"]));
        _world.View.Verify(view => view.SetFocus(1), Times.Once);
        Assert.That(_world.Ask("focus all"), Is.EqualTo(["rvirt: ok"]));
        _world.View.Verify(view => view.ShowAll(), Times.Once);
        _world.View.Verify(view => view.SetFocus(It.IsAny<int>()), Times.Once);
    }

    [TestCase("^T", 20, "Ctrl-T")]
    [TestCase("^t", 20, "Ctrl-T")]
    [TestCase("^^", 30, "Ctrl-^")]
    [TestCase("^@", 0, "Ctrl-@")]
    [TestCase("none", -1, "none")]
    public void TheConsolesKeyIsChanged(string word, int key, string said)
    {
        Assert.That(_world.Ask("escape " + word), Is.EqualTo(["rvirt: ok"]));
        Assert.That(_world.View.Object.Escape, Is.EqualTo(key));
        Assert.That(_world.Ask("escape"), Is.EqualTo(["  " + said, "rvirt: ok"]));
    }

    [Test]
    public void WhatEndsSomethingAsksForItsNameAgain()
    {
        Assert.That(_world.Type("shutdown\r"), Is.EqualTo("shutdown\r\ntype the name again: "));
        Assert.That(_world.Type("shut\t\rversion\r"), Does.StartWith("shut\r\nrvirt: error: not confirmed\r\nrvirt> version"), "nothing is completed there");
        Assert.That(_world.Type("shutdown\r\u0003"), Is.EqualTo("shutdown\r\ntype the name again: ^C\r\nrvirt: error: not confirmed\r\nrvirt> "));
        Assert.That(_world.Type("shutdown\r\r"), Does.EndWith("type the name again: \r\nrvirt: error: not confirmed\r\nrvirt> "));
        _world.View.Verify(view => view.EndMachine(), Times.Never);
        Assert.That(_world.Type("shutdown\rshutdown\r"), Does.EndWith("type the name again: shutdown\r\nrvirt: ok\r\nrvirt> "));
        _world.View.Verify(view => view.EndMachine(), Times.Once);
    }

    [TestCase("start", 1, LifeRequest.Start)]
    [TestCase("pause", 0, LifeRequest.Pause)]
    [TestCase("!restart", 0, LifeRequest.Restart)]
    [TestCase("!kill", 0, LifeRequest.Kill)]
    public void AGuestsLifeIsTold(string command, int guest, LifeRequest request)
    {
        Assert.That(_world.Ask($"{command} {guest}"), Is.EqualTo(["rvirt: ok"]));
        _world.View.Verify(view => view.TryAsk(guest, request), Times.Once);
        _world.View.Verify(view => view.TryAsk(It.IsAny<int>(), It.IsAny<LifeRequest>()), Times.Once);
    }

    [TestCase(GuestState.Created, "pause", "has not started")]
    [TestCase(GuestState.Running, "resume", "is running")]
    [TestCase(GuestState.Pausing, "start", "is paused")]
    [TestCase(GuestState.Paused, "pause", "is paused")]
    [TestCase(GuestState.Stopping, "restart", "is ending or beginning")]
    [TestCase(GuestState.Stopped, "kill", "has stopped")]
    [TestCase(GuestState.Dead, "start", "cannot start again, as a device of it did not stop")]
    public void WhatAGuestsStateDoesNotTakeIsAnError(GuestState state, string command, string said)
    {
        _world.View.Setup(view => view.Guest(0)).Returns(new GuestFacts { Name = new ShortText("web"u8), Harts = 1, State = state });
        Assert.That(_world.Ask($"{command} web"), Is.EqualTo([$"rvirt: error: web: {said}"]));
    }

    [Test]
    public void AGuestThatIsToEndIsNamedAgain()
    {
        Assert.That(_world.Type("kill 0\rweb\r"), Does.EndWith("type the name again: web\r\nrvirt: error: not confirmed\r\nrvirt> "), "as it was named");
        _world.View.Verify(view => view.TryAsk(It.IsAny<int>(), It.IsAny<LifeRequest>()), Times.Never);
        Assert.That(_world.Type("kill web\rweb\r"), Does.EndWith("type the name again: web\r\nrvirt: ok\r\nrvirt> "));
        _world.View.Verify(view => view.TryAsk(0, LifeRequest.Kill), Times.Once);
    }

    [Test]
    public void AScriptThatComesWhileAPersonIsAskedIsAnswered()
    {
        Assert.That(_world.Type("kill web\r!version\r"), Does.EndWith("type the name again: !version\r\n  Rvirt 0.1.0\r\nrvirt: ok\r\nrvirt> "));
        _world.View.Verify(view => view.TryAsk(It.IsAny<int>(), It.IsAny<LifeRequest>()), Times.Never);
    }

    [Test]
    public void AShareIsGiven()
    {
        Assert.That(_world.Ask("share web 10000"), Is.EqualTo(["rvirt: ok"]));
        _world.View.Verify(view => view.SetShare(0, 10000), Times.Once);
        foreach (var wrong in new[] { "0", "10001", "x" })
        {
            Assert.That(_world.Ask($"share web {wrong}"), Is.EqualTo([$"rvirt: error: {wrong}: no share, 1 to 10000"]));
        }

        _world.View.Verify(view => view.SetShare(It.IsAny<int>(), It.IsAny<uint>()), Times.Once);
    }

    [TestCase(0UL, 0UL, 0UL)]
    [TestCase(1UL, 3UL, 333UL)]
    [TestCase(40UL, 10UL, 4000UL)]
    [TestCase(1UL << 62, 1UL << 62, 1000UL)]
    public void PartsOfATimeAreThousandths(ulong part, ulong ticks, ulong expected) => Assert.That(Rates.PerThousand(part, ticks), Is.EqualTo(expected).Within(1));

    [Test]
    public void AScriptIsAskedNothing()
    {
        Assert.That(_world.Ask("!shutdown"), Is.EqualTo(["rvirt: ok"]));
        _world.View.Verify(view => view.EndMachine(), Times.Once);
    }

    /// <summary>Each counter has a name of its own, also one that is new.</summary>
    [Test]
    public void EveryCounterIsShown()
    {
        var fields = typeof(TrapCounters).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        var counters = default(TrapCounters);
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i].SetValueDirect(__makeref(counters), 1000UL + (ulong)i);
        }

        _world.View.Setup(view => view.Counters(1, 0)).Returns(counters);
        var rows = _world.Ask("stats 1")[1..^1].Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var names = fields.Select(field => string.Concat(field.Name.Select((c, i) => i != 0 && char.IsUpper(c) ? "-" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString())));
        Assert.That(rows.Select(row => row[0]), Is.EqualTo(names));
        Assert.That(rows.Select(row => row[1]), Is.EqualTo(fields.Select((_, i) => (1000 + i).ToString(CultureInfo.InvariantCulture))));
    }

    [TestCase(1000UL, 5_000_000UL, 1000UL, Description = "in less than a second all there were")]
    [TestCase(1000UL, 20_000_000UL, 500UL)]
    [TestCase(ulong.MaxValue / 2, 20_000_000UL, ulong.MaxValue / 4 / 1000 * 1000, Description = "none of it overflows")]
    [TestCase(7UL, 0UL, 7UL)]
    public void RatesAreThoseOfASecond(ulong count, ulong ticks, ulong expected) =>
        Assert.That(Rates.PerSecond(count, ticks, 10_000_000), Is.EqualTo(expected).Within(expected / 500));

    /// <summary>A long answer comes in pieces, so that the hart is soon back at its guest.</summary>
    [Test]
    public void ALongAnswerStopsAfterSixteenLinesAndGoesOnWhenItIsCalledAgain()
    {
        var lines = _world.TypeOnly("mem web 0x80000000 1600\r").Split("\r\n");
        Assert.That(lines, Has.Length.EqualTo(1 + 16 + 1));
        Assert.That(_world.HasMore);
        _world.Continue();
        Assert.That(_world.Output.Split("\r\n"), Has.Length.EqualTo(16 + 1));
        while (_world.HasMore)
        {
            _world.Continue();
        }

        Assert.That(_world.Output.Split("\r\n")[^3..], Is.EqualTo(["  0x0000000080000620  0x8000062080000620 0x8000062880000628 0x8000063080000630 0x8000063880000638", "rvirt: ok", "rvirt> "]));
    }

    [Test]
    public void WhatIsTypedMeanwhileIsTakenAfterIt()
    {
        _world.TypeOnly("mem web 0x80000000 1024\r");
        Assert.That(_world.TypeOnly("version\rversion\r"), Is.Empty);
        while (_world.HasMore)
        {
            _world.Continue();
        }

        const string Version = "version\r\n  Rvirt 0.1.0\r\nrvirt: ok\r\nrvirt> ";
        Assert.That(_world.Output, Does.EndWith("rvirt: ok\r\nrvirt> " + Version + Version));
        _world.TypeOnly("mem web 0x80000000 1024\r" + new string('x', 256));
        Assert.That(_world.TypeOnly("y"), Is.EqualTo("\a"), "there is room for so much");
    }

    /// <summary>Another hart is asked, and the monitor does not wait for it.</summary>
    [TestCase("regs web.1")]
    [TestCase("walk web.1 0")]
    public void ACommandThatAwaitsAnAnswerGoesOnWhenItIsCalledAgain(string command)
    {
        Assert.That(_world.TypeOnly(command + "\rversion\r"), Is.EqualTo(command + "\r\n"));
        Assert.That(_world.HasMore, Is.False, "there is nothing to do before the answer");
        _world.Continue();
        Assert.That(_world.Output, Is.Empty, "it was none");
        Assert.That(_world.HasMore, Is.False);
        var report = new HartReport { Pc = 0x1234 };
        _world.View.Setup(view => view.TryReport(0, 1, out report)).Returns(true);
        _world.Continue();
        while (_world.HasMore)
        {
            _world.Continue();
        }

        Assert.That(_world.Output, Does.EndWith("rvirt: ok\r\nrvirt> version\r\n  Rvirt 0.1.0\r\nrvirt: ok\r\nrvirt> "));
    }

    [Test]
    public void CtrlCEndsACommandThatAwaitsAnAnswer()
    {
        _world.TypeOnly("regs web.1\r");
        Assert.That(_world.TypeOnly("\u0003version\r"), Is.EqualTo("rvirt: error: stopped by Ctrl-C\r\nrvirt> version\r\n  Rvirt 0.1.0\r\nrvirt: ok\r\nrvirt> "));
    }

    [Test]
    public void CtrlCEndsALongAnswerAndWhatWasTypedMeanwhile()
    {
        _world.TypeOnly("mem web 0x80000000 65536\rversion\r");
        Assert.That(_world.TypeOnly("\u0003"), Is.EqualTo("rvirt: error: stopped by Ctrl-C\r\nrvirt> "));
        Assert.That(_world.HasMore, Is.False);
    }

    [Test]
    public void TheVersionIsThatOfThePackages() => Assert.That(
        typeof(ShadowCounters).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
        Is.EqualTo(System.Text.Encoding.ASCII.GetString(VersionCommand.Version)));

    [Test]
    public void NamesAreCutAtWhatALabelMayHave() =>
        Assert.That(new ShortText("0123456789012345678901234567890123"u8).Text.Length, Is.EqualTo(ShortText.Capacity));
}
