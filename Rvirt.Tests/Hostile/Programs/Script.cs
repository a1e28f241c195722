using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>Builds a program for guests/hostile/script.s together with the lines it must print.</summary>
internal sealed class Script
{
    // A line of calls ends behind the call that gets here.
    private const int LineLength = 160;

    private enum Operation
    {
        Finish,
        Text,
        Store,
        Load,
        Probe,
        Call,
        Fence,
        Translate,
        Await,
        Fill,
        Status,
        Send,
    }

    private readonly StringBuilder _operations = new();
    private readonly StringBuilder _blocks = new();
    private readonly StringBuilder _line = new();
    private readonly List<string> _lines = [];
    private int _blockCount;

    /// <summary>Prints a text.</summary>
    public Script Text(string text)
    {
        _line.Append(text);
        foreach (var part in text.Chunk(8))
        {
            var packed = 0UL;
            for (var i = 0; i < part.Length; i++)
            {
                packed |= (ulong)part[i] << (8 * i);
            }

            Add(Operation.Text, packed);
        }

        return this;
    }

    /// <summary>Stores, where that must work.</summary>
    public Script Store(ulong address, ulong value, int size = 8) => Add(Operation.Store, address, value, (ulong)size);

    /// <summary>Prints bits of what stands somewhere, where that must work.</summary>
    public Script Load(ulong address, int size, ulong expected, ulong mask = ulong.MaxValue)
    {
        _line.Append(expected.ToString("x", CultureInfo.InvariantCulture));
        return Add(Operation.Load, address, mask, (ulong)size);
    }

    /// <summary>Carries out an instruction and prints a dot or the exception.</summary>
    public Script Probe(int instruction, ulong address, string expected, ulong value = 0)
    {
        _line.Append(expected);
        return Add(Operation.Probe, address, (ulong)instruction, value);
    }

    /// <summary>Makes an SBI call and prints both results.</summary>
    public Script Call(ulong extension, ulong function, ReadOnlySpan<ulong> arguments, ulong error, ulong? value)
    {
        if (_line.Length > LineLength)
        {
            Send().Text("and ");
        }

        Span<ulong> registers = stackalloc ulong[8];
        arguments.CopyTo(registers);
        registers[6] = function;
        registers[7] = extension;
        _blocks.Append(CultureInfo.InvariantCulture, $"block{_blockCount}:\n.dword {string.Join(", ", registers.ToArray().Select(r => Hex(r)))}\n");
        _line.Append(CultureInfo.InvariantCulture, $"{error:x}:{value ?? registers[1]:x} ");
        return AddText(Operation.Call, $"block{_blockCount++}", 0, 0);
    }

    /// <summary>Fences translation and instructions.</summary>
    public Script Fence() => Add(Operation.Fence);

    /// <summary>Writes satp and prints what it reads as then.</summary>
    public Script Translate(ulong value, ulong expected)
    {
        _line.Append(expected.ToString("x", CultureInfo.InvariantCulture));
        return Add(Operation.Translate, value);
    }

    /// <summary>Waits until a halfword of RAM has a value, which a device of the host may take any time for; who runs the program bounds it.</summary>
    public Script Await(ulong address, ulong value) => Add(Operation.Await, address, value);

    /// <summary>Fills memory with a doubleword.</summary>
    public Script Fill(ulong address, ulong value, ulong count) => Add(Operation.Fill, address, value, count);

    /// <summary>Changes sstatus.</summary>
    public Script Status(ulong clear, ulong set) => Add(Operation.Status, clear, set);

    /// <summary>Ends a line.</summary>
    public Script Send()
    {
        _lines.Add(_line.ToString());
        _line.Clear();
        return Add(Operation.Send);
    }

    /// <summary>The whole program; it prints "end" and switches its machine off.</summary>
    public GuestProgram Build(string name, uint virtioVersion = 2)
    {
        Add(Operation.Finish);
        var source = GuestProgram.Compose(["script.s"]) + ProbeInstruction.Stubs() + ".align 3\n" + _blocks + "script:\n" + _operations;
        return new GuestProgram(name, source, [.. _lines, "end"], StopReason.Shutdown, virtioVersion);
    }

    private static string Hex(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    private Script Add(Operation operation, ulong a = 0, ulong b = 0, ulong c = 0) => AddText(operation, Hex(a), b, c);

    private Script AddText(Operation operation, string a, ulong b, ulong c)
    {
        _operations.Append(CultureInfo.InvariantCulture, $".dword {(int)operation}, {a}, {Hex(b)}, {Hex(c)}\n");
        return this;
    }
}
