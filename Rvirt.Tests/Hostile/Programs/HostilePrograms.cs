using System;
using System.Collections.Generic;
using System.Globalization;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>All hostile guests, by name.</summary>
internal static class HostilePrograms
{
    /// <summary>Interrupts, or rounds, that a storm goes on for.</summary>
    private const ulong Storm = 2000;

    private static readonly Dictionary<string, Func<GuestProgram>> _ending = new()
    {
        ["mmio"] = MmioProgram.Build,
        ["tables-sv39"] = () => TableProgram.Build(8),
        ["tables-sv48"] = () => TableProgram.Build(9),
        ["satp"] = SatpProgram.Build,
        ["sbi"] = SbiProgram.Build,
        ["virtio-legacy"] = () => VirtioProgram.Build(1),
        ["virtio-modern"] = () => VirtioProgram.Build(2),
        ["storm-timer"] = () => Stormy("storm-timer", Hex(Storm)),
        ["storm-ipi"] = () => Stormy("storm-ipi", Hex(Storm)),
        ["storm-uart"] = () => Stormy("storm-uart", Hex(Storm)),
        // Claimed, and the second time there is nothing; completions of what was not claimed change nothing; the right one brings it back.
        ["storm-unclaimed"] = () => Stormy("storm-unclaimed", Hex(Storm) + " a 0 0 a"),
        // One round in eight finds a page it may write.
        ["storm-fence"] = () => Stormy("storm-fence", Hex(Storm / 8 * 7)),
        ["stop-last-hart"] = () => Kind("stop-last-hart", 7) with { End = StopReason.AllHartsStopped },
    };

    private static readonly Dictionary<string, Func<GuestProgram>> _endless = new()
    {
        ["spin"] = () => Kind("spin", 0),
        ["sleep"] = () => Kind("sleep", 1),
        ["lost-vector"] = () => Kind("lost-vector", 2),
        ["lost-root"] = () => Kind("lost-root", 3),
        ["illegal"] = () => Kind("illegal", 4),
        ["calls"] = () => Kind("calls", 5),
        ["notify"] = () => Kind("notify", 6),
        ["storm-timer-on"] = () => StormOn("storm-timer"),
        ["storm-ipi-on"] = () => StormOn("storm-ipi"),
        ["storm-uart-on"] = () => StormOn("storm-uart"),
        ["storm-unclaimed-on"] = () => StormOn("storm-unclaimed"),
        ["storm-fence-on"] = () => StormOn("storm-fence"),
    };

    /// <summary>Names of those that find out by themselves what they get, and end.</summary>
    public static IEnumerable<string> Ending => _ending.Keys;

    /// <summary>Names of those that never return.</summary>
    public static IEnumerable<string> Endless => _endless.Keys;

    /// <summary>A program by its name.</summary>
    public static GuestProgram Get(string name) => (_ending.TryGetValue(name, out var make) ? make : _endless[name])();

    /// <summary>
    /// A guest of four harts that storm each other. Errors (SBI 2.0 §3, without their sign): 2 not supported, 3 invalid parameter, 5 invalid address,
    /// 6 already available; 0 and a value where there is none.
    /// </summary>
    /// <param name="goesOn">Whether the last storm never ends.</param>
    public static GuestProgram HartStorm(bool goesOn)
    {
        string[] lines =
        [
            // Masks: hart 4 and beyond by mask, base or both, also where their sum goes around; nobody, everybody, all four.
            "3 3 3 3 3 3 3 0:0 0:0 0:0 2 ",
            // Masks as before; ranges that go around, by much and by little; ranges that do not; what is for hypervisors; what is not there.
            "3 3 3 5 0:0 0:0 0:0 0:0 0:0 2 2 2 2 2 ",
            // Itself; harts that are not there; entries where no instruction can be; who is started, who stopped, who not there; suspends.
            "6 3 3 3 5 5 5 5 0:0 0:1 0:1 3 3 5 5 2 ",
            "0:0 0:0 0:0 6 6 6 ",
            "stopped", "settled", "walked", "fenced 0", "end",
        ];
        return new GuestProgram(
            "smp-storm", GuestProgram.Compose(["smp-storm.s"], ("ROUNDS", Storm), ("FENCES", goesOn ? int.MaxValue : Storm / 8)),
            goesOn ? lines[..^2] : lines, goesOn ? null : StopReason.Shutdown, Harts: 4);
    }

    private static GuestProgram Kind(string name, ulong kind) => new(name, GuestProgram.Compose(["endless.s"], ("KIND", kind)), ["going"], null);

    private static GuestProgram Stormy(string name, string line) =>
        new(name, GuestProgram.Compose([name + ".s"], ("LIMIT", Storm)), [line, "end"], StopReason.Shutdown);

    private static GuestProgram StormOn(string name) => new(name + "-on", GuestProgram.Compose([name + ".s"], ("LIMIT", int.MaxValue)), [], null);

    private static string Hex(ulong value) => value.ToString("x", CultureInfo.InvariantCulture);
}
