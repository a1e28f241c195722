using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Debugging;

/// <summary>A guest of a running machine, as who debugs it sees it through the monitor.</summary>
/// <param name="question">Asks the monitor.</param>
/// <param name="name">The guest's name, or its number.</param>
public sealed partial class DebuggedGuest(Func<string, MonitorAnswer> question, string name)
{
    private const ulong PageSize = 4096;

    // A machine that is busy is late. Who gave up would leave the guest as it is: paused, with breakpoints.
    private const int MostQuestions = 30;

    private readonly Dictionary<(int Hart, ulong Page), ulong?> _pages = [];
    private readonly Dictionary<int, HartRegisters> _registers = [];

    // By virtual address, as gdb knows them: the physical ones that were asked for.
    private readonly Dictionary<ulong, ulong> _breakpoints = [];

    /// <summary>Where breakpoints are set.</summary>
    public IReadOnlyCollection<ulong> Breakpoints => _breakpoints.Keys;

    /// <summary>What it does: a word of the monitor's, such as running or paused.</summary>
    /// <exception cref="IOException">There is no such guest, or no answer.</exception>
    public string State()
    {
        var guest = AnswerTable.Read(Ask("guests")).FirstOrDefault(row => row["name"] == name || row["#"] == name) ?? throw new IOException($"{name}: no guest of that name or number");
        return guest["state"];
    }

    /// <summary>Has it pause; <see cref="State"/> says when it has.</summary>
    public void Pause() => AskAnything($"pause {name}");

    /// <summary>Has it go on.</summary>
    public void Resume()
    {
        _pages.Clear();
        _registers.Clear();
        AskAnything($"resume {name}");
    }

    /// <summary>Numbers and program counters of its harts that are not stopped; exact while it is paused.</summary>
    public IReadOnlyDictionary<int, ulong> Harts() => AnswerTable.Read(Ask($"vcpus {name}"))
        .Where(row => row["hsm"] != "stopped")
        .ToDictionary(row => int.Parse(row["#"], CultureInfo.InvariantCulture), row => Number(row["pc at last trap"]));

    /// <summary>What a hart holds.</summary>
    public HartRegisters Registers(int hart) =>
        _registers.TryGetValue(hart, out var known) ? known : _registers[hart] = HartRegisters.Read(Ask($"regs {name}.{hart}"));

    /// <summary>Reads memory by a hart's page tables.</summary>
    /// <returns>As much as can be read from there on.</returns>
    public byte[] Read(int hart, ulong address, int count)
    {
        List<byte> bytes = [];
        while (bytes.Count < count)
        {
            var at = address + (ulong)bytes.Count;
            var length = (int)Math.Min((ulong)(count - bytes.Count), PageSize - (at % PageSize));
            if (Translate(hart, at) is not { } physical || AskAnything($"mem {name} 0x{physical:x} {length}") is not { IsOk: true } answer)
            {
                break;
            }

            // Doublewords, from the one on that the address lies in.
            var words = answer.Lines.SelectMany(line => Word().Matches(line).Skip(1)).SelectMany(match => Bytes(Number(match.Value)));
            bytes.AddRange(words.Skip((int)(physical % 8)).Take(length));
        }

        return [.. bytes];
    }

    /// <summary>An instruction, its upper half zero where it has two bytes.</summary>
    public uint? Fetch(int hart, ulong address)
    {
        var bytes = Read(hart, address, 4);
        return bytes.Length switch
        {
            4 when (bytes[0] & 3) == 3 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            >= 2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            _ => null,
        };
    }

    /// <summary>Sets a breakpoint by a hart's page tables.</summary>
    /// <returns>False where it cannot be.</returns>
    public bool TryBreak(int hart, ulong address)
    {
        if (_breakpoints.ContainsKey(address))
        {
            return true;
        }

        if (Translate(hart, address) is not { } physical || !AskAnything($"break {name} 0x{physical:x}").IsOk)
        {
            return false;
        }

        _breakpoints[address] = physical;
        return true;
    }

    /// <summary>Takes a breakpoint back.</summary>
    /// <returns>False where there is none, or it cannot be.</returns>
    public bool TryUnbreak(ulong address)
    {
        if (!_breakpoints.Remove(address, out var physical))
        {
            return false;
        }

        // Another of its addresses may lead to the same.
        return _breakpoints.ContainsValue(physical) || AskAnything($"unbreak {name} 0x{physical:x}").IsOk;
    }

    // Null where nothing is mapped. While the guest stands still its tables do, too.
    private ulong? Translate(int hart, ulong address)
    {
        var key = (hart, address / PageSize);
        if (!_pages.TryGetValue(key, out var page))
        {
            _pages[key] = page = Walk(hart, address & ~(PageSize - 1));
        }

        return page + (address % PageSize);
    }

    private ulong? Walk(int hart, ulong page)
    {
        var last = Ask($"walk {name}.{hart} 0x{page:x}")[^1];
        return last.Contains("translation is off", StringComparison.Ordinal) ? page : Leaf().Match(last) is { Success: true } leaf ? Number(leaf.Groups[1].Value) : null;
    }

    /// <summary>Asks the monitor anything.</summary>
    public MonitorAnswer AskAnything(string command)
    {
        MonitorAnswer answer;
        var questions = 0;
        do
        {
            answer = question(command);
        }
        while (answer.Problem == MonitorAnswer.None && ++questions < MostQuestions);

        return answer;
    }

    private IReadOnlyList<string> Ask(string command)
    {
        var answer = AskAnything(command);
        return answer.IsOk ? answer.Lines : throw new IOException(answer.Problem);
    }

    private static byte[] Bytes(ulong word)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, word);
        return bytes;
    }

    private static ulong Number(string text) => ulong.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex("0x[0-9a-f]{16}")]
    private static partial Regex Word();

    [GeneratedRegex(@"-> (0x[0-9a-f]+)(?: \(host 0x[0-9a-f]+\))?; shadow:")]
    private static partial Regex Leaf();
}
