using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Rvirt.Tool.Debugging;

/// <summary>The far end of gdb's <c>target remote</c> for a guest: a thread for each of its harts, which all stand still or all run.</summary>
/// <param name="line">To gdb.</param>
/// <param name="guest">The guest.</param>
public sealed class GuestStub(DebuggerLine line, DebuggedGuest guest)
{
    private const string Unsupported = "";
    private const string Failed = "E01";
    private const string Ok = "OK";
    private const int MostBytes = 4096;
    private const int Pc = 32;
    private const int FirstCsr = 65;

    private static readonly (string Name, int Number)[] s_csrs =
    [
        ("sstatus", 0x100), ("sie", 0x104), ("stvec", 0x105), ("sscratch", 0x140), ("sepc", 0x141), ("scause", 0x142), ("stval", 0x143), ("sip", 0x144), ("satp", 0x180),
    ];

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(100);

    private IReadOnlyDictionary<int, ulong> _harts = new Dictionary<int, ulong>();
    private int _hart;

    /// <summary>Pauses the guest and does what gdb asks, until gdb leaves; the guest goes on then, without what was set in it.</summary>
    /// <exception cref="IOException">There is no such guest, or no answer.</exception>
    public void Run()
    {
        // Before anything is answered: who mistypes a name sees that.
        guest.State();
        guest.Pause();
        Await(interruptible: false);
        string? packet;
        try
        {
            while ((packet = line.Next()) is not null && !IsLast(packet))
            {
                line.Answer(AnswerTo(packet));
                if (packet == "QStartNoAckMode")
                {
                    line.TrustLine();
                }
            }
        }
        finally
        {
            Leave();
        }

        if (packet is not (null or "k"))
        {
            line.Answer(Ok);
        }
    }

    // gdb kills what it ends with; a guest is ended by the monitor, not by who looked at it.
    private static bool IsLast(string packet) => packet is "D" or "k" || packet.StartsWith("D;", StringComparison.Ordinal) || packet.StartsWith("vKill;", StringComparison.Ordinal);

    private void Leave()
    {
        if (guest.State() == "running")
        {
            guest.Pause();
            Await(interruptible: false);
        }

        foreach (var address in guest.Breakpoints.ToList())
        {
            guest.TryUnbreak(address);
        }

        guest.Resume();
    }

    private string AnswerTo(string packet)
    {
        var rest = packet.Length == 0 ? "" : packet[1..];
        return (packet.Length == 0 ? '\0' : packet[0]) switch
        {
            '?' => Stopped(),
            'g' => string.Concat(Enumerable.Range(0, Pc + 1).Select(number => Register(number) ?? "")),
            'p' => int.TryParse(rest, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? Register(number) ?? Failed : Failed,
            'm' => ReadMemory(rest),
            'H' => Choose(rest),
            'T' => TryHart(rest, out var hart) && _harts.ContainsKey(hart) ? Ok : Failed,
            'Z' or 'z' => ChangeBreakpoint(packet[0] == 'Z', rest),
            'c' when rest.Length == 0 => GoOn([]),
            's' when rest.Length == 0 => Step(),
            'q' or 'Q' => AnswerQuery(packet),
            'G' or 'P' or 'M' => Failed,
            _ => Unsupported,
        };
    }

    private string AnswerQuery(string packet)
    {
        const string Features = "qXfer:features:read:target.xml:";
        const string Command = "qRcmd,";
        return packet switch
        {
            _ when packet.StartsWith("qSupported", StringComparison.Ordinal) => $"PacketSize={2 * MostBytes:x};qXfer:features:read+;QStartNoAckMode+;swbreak+",
            _ when packet.StartsWith(Features, StringComparison.Ordinal) => Part(Description(), packet[Features.Length..]),
            _ when packet.StartsWith(Command, StringComparison.Ordinal) => AskMonitor(Convert.FromHexString(packet[Command.Length..])),
            "QStartNoAckMode" => Ok,
            "qC" => $"QC{_hart + 1:x}",
            "qAttached" => "1",
            "qfThreadInfo" => "m" + string.Join(',', _harts.Keys.Order().Select(hart => $"{hart + 1:x}")),
            "qsThreadInfo" => "l",
            _ => Unsupported,
        };
    }

    private static string Part(string text, string range)
    {
        var (offset, length) = Pair(range) ?? (0, 0);
        var rest = offset < (ulong)text.Length ? text[(int)offset..] : "";
        return rest.Length <= (int)length ? "l" + rest : "m" + rest[..(int)length];
    }

    private string AskMonitor(byte[] command)
    {
        var answer = guest.AskAnything(Encoding.UTF8.GetString(command));
        return Convert.ToHexString(Encoding.UTF8.GetBytes(string.Concat(answer.Lines.Append(answer.End).Select(said => said + "\n"))));
    }

    // What gdb is to know of a hart (gdb's manual, G.5.12).
    private static string Description()
    {
        var text = new StringBuilder("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\"><architecture>riscv:rv64</architecture>");
        text.Append("<feature name=\"org.gnu.gdb.riscv.cpu\">");
        for (var number = 0; number < Pc; number++)
        {
            text.Append(CultureInfo.InvariantCulture, $"<reg name=\"x{number}\" bitsize=\"64\" regnum=\"{number}\"/>");
        }

        text.Append(CultureInfo.InvariantCulture, $"<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\" regnum=\"{Pc}\"/></feature><feature name=\"org.gnu.gdb.riscv.csr\">");
        foreach (var (name, number) in s_csrs)
        {
            text.Append(CultureInfo.InvariantCulture, $"<reg name=\"{name}\" bitsize=\"64\" regnum=\"{FirstCsr + number}\"/>");
        }

        return text.Append("</feature></target>").ToString();
    }

    private string? Register(int number)
    {
        var registers = guest.Registers(_hart);
        var csr = s_csrs.FirstOrDefault(csr => FirstCsr + csr.Number == number).Name;
        ulong? value = number switch
        {
            >= 0 and < Pc => registers.X[number],
            Pc => registers.Pc,
            _ => csr is null ? null : registers[csr],
        };
        return value is { } word ? $"{BinaryPrimitives.ReverseEndianness(word):x16}" : null;
    }

    private string ReadMemory(string range)
    {
        if (Pair(range) is not { } asked)
        {
            return Failed;
        }

        var bytes = guest.Read(_hart, asked.First, (int)Math.Min(asked.Second, MostBytes));
        return bytes.Length == 0 && asked.Second != 0 ? Failed : Convert.ToHexStringLower(bytes);
    }

    private string Choose(string rest)
    {
        // Who goes on is not chosen: all do. 0 and -1 are any.
        if (rest.Length > 1 && rest[0] is 'g' or 'c' && TryHart(rest[1..], out var hart) && hart >= 0)
        {
            if (!_harts.ContainsKey(hart))
            {
                return Failed;
            }

            _hart = hart;
        }

        return Ok;
    }

    private string ChangeBreakpoint(bool sets, string rest)
    {
        // Of software alone, by kind 0.
        if (!rest.StartsWith("0,", StringComparison.Ordinal) || Pair(rest[2..]) is not { } place)
        {
            return Unsupported;
        }

        return (sets ? guest.TryBreak(_hart, place.First) : guest.TryUnbreak(place.First)) ? Ok : Failed;
    }

    private string Step()
    {
        List<ulong> set = [];
        foreach (var next in NextInstruction.After(guest.Registers(_hart), address => guest.Fetch(_hart, address)))
        {
            if (!guest.Breakpoints.Contains(next))
            {
                if (!guest.TryBreak(_hart, next))
                {
                    set.ForEach(address => guest.TryUnbreak(address));
                    return Failed;
                }

                set.Add(next);
            }
        }

        return GoOn(set);
    }

    private string GoOn(List<ulong> steps)
    {
        guest.Resume();
        if (!Await(interruptible: true))
        {
            return "W00";
        }

        var met = guest.Breakpoints.ToHashSet();
        steps.ForEach(address => guest.TryUnbreak(address));

        // Who was looked at, where it came to one; else the first that did.
        _hart = _harts.Keys.OrderBy(hart => (hart != _hart, hart)).Where(hart => met.Contains(_harts[hart])).Append(Somebody()).First();
        return Stopped();
    }

    // Until the guest stands still. False where it has ended.
    private bool Await(bool interruptible)
    {
        var patience = s_shortest;
        while (true)
        {
            var state = guest.State();
            if (state == "paused")
            {
                _harts = guest.Harts();
                _hart = Somebody();
                return true;
            }

            if (state.StartsWith("stopped", StringComparison.Ordinal) || state is "created")
            {
                return interruptible ? false : throw new IOException($"the guest does not run: it is {state}");
            }

            if (line.IsInterrupted(patience))
            {
                guest.Pause();
            }

            patience = patience < s_longest ? patience * 2 : s_longest;
        }
    }

    private int Somebody() => _harts.ContainsKey(_hart) ? _hart : _harts.Keys.DefaultIfEmpty(0).Min();

    private string Stopped() => guest.Breakpoints.Contains(_harts.GetValueOrDefault(_hart)) ? $"T05thread:{_hart + 1:x};swbreak:;" : $"T05thread:{_hart + 1:x};";

    private static bool TryHart(string text, out int hart)
    {
        var right = int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var thread);
        hart = right ? thread - 1 : text == "-1" ? -1 : -2;
        return hart != -2;
    }

    private static (ulong First, ulong Second)? Pair(string text)
    {
        var words = text.Split([',', ';']);
        return words.Length >= 2
            && ulong.TryParse(words[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var first)
            && ulong.TryParse(words[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var second)
            ? (first, second)
            : null;
    }
}
