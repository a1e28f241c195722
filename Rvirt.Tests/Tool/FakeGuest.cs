using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary>A guest of two harts without page tables, as a monitor tells of it, for who debugs it. A test says where its harts come to.</summary>
internal sealed class FakeGuest
{
    /// <summary>What the monitor calls x0 to x31.</summary>
    public static readonly string[] Names =
    [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
        "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    ];

    /// <summary>What it has in 0x80000000 and behind.</summary>
    public byte[] Ram { get; } = new byte[0x2000];

    /// <summary>Program counters of its harts.</summary>
    public ulong[] Pc { get; } = [0x8000_0100, 0x8000_0200];

    /// <summary>x1 to x31 of the first hart, by their numbers.</summary>
    public ulong[] X { get; } = new ulong[32];

    /// <summary>What the monitor says of its state.</summary>
    public string State { get; set; } = "running";

    /// <summary>Where breakpoints are set.</summary>
    public SortedSet<ulong> Breakpoints { get; } = [];

    /// <summary>What was asked that changes something.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>What happens as it goes on; it runs on where this does not change its state.</summary>
    public Action Goes { get; set; } = () => { };

    /// <summary>Answers as the monitor does.</summary>
    public MonitorAnswer Ask(string command)
    {
        var words = command.Split(' ');
        if (words[0] is not ("guests" or "vcpus" or "regs" or "walk" or "mem"))
        {
            Asked.Add(command);
        }

        return words[0] switch
        {
            "guests" => Say("  #  name   state   vcpus", $"  0  web    {State}   2"),
            "vcpus" => Say("  #  state   core  mode  pc at last trap     hsm", $"  0  parked  -     S     0x{Pc[0]:x16}  started", $"  1  parked  -     S     0x{Pc[1]:x16}  started"),
            "regs" => Registers(words[1]),
            "walk" => Say("  translation is off"),
            "mem" => Memory(Number(words[2]), int.Parse(words[3], CultureInfo.InvariantCulture)),
            "pause" => Pause(),
            "resume" => Resume(),
            "break" => Set(Number(words[2])),
            "unbreak" => Breakpoints.Remove(Number(words[2])) ? Say() : new MonitorAnswer([], "rvirt: error: no breakpoint"),
            _ => new MonitorAnswer([], $"rvirt: error: {words[0]}: no command of that name; help names all"),
        };
    }

    private static MonitorAnswer Say(params string[] lines) => new(lines, MonitorAnswer.Ok);

    private static ulong Number(string text) => ulong.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private MonitorAnswer Pause()
    {
        State = "paused";
        return Say();
    }

    private MonitorAnswer Resume()
    {
        State = "running";
        Goes();
        return Say();
    }

    private MonitorAnswer Set(ulong address)
    {
        if (State != "paused" || address < 0x8000_0000)
        {
            return new MonitorAnswer([], "rvirt: error: no instruction");
        }

        Breakpoints.Add(address);
        return Say();
    }

    private MonitorAnswer Registers(string hart)
    {
        var number = hart[^1] - '0';
        var csrs = new[] { "sstatus", "satp", "stvec", "scause", "sepc", "stval", "sie", "sip", "sscratch" }.Select((name, i) => $"  {name} 0x{0x1000 + i:x16}");
        var x = Names.Select((name, i) => $"  {name} 0x{(number == 0 ? X[i] : 0):x16}");
        return Say([$"  pc       0x{Pc[number]:x16} (S)", .. csrs, .. x]);
    }

    private MonitorAnswer Memory(ulong address, int count)
    {
        var lines = new List<string>();
        var start = address & ~7UL;
        for (var at = start; at < address + (ulong)count; at += 8)
        {
            if (at - 0x8000_0000 >= (ulong)Ram.Length)
            {
                return new MonitorAnswer([], "rvirt: error: no RAM of the guest");
            }

            lines.Add($"  0x{at:x16}  0x{BitConverter.ToUInt64(Ram, (int)(at - 0x8000_0000)):x16}");
        }

        return Say([.. lines]);
    }
}
