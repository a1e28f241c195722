using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Rvirt.Core.Instructions;

namespace Rvirt.Tool.Debugging;

/// <summary>What a virtual hart of a guest holds, as the monitor's <c>regs</c> says it.</summary>
public sealed partial class HartRegisters
{
    private static readonly string[] s_names = [.. Enumerable.Range(0, 32).Select(number => Encoding.ASCII.GetString(RegisterName.Column(number)).TrimEnd())];

    private readonly Dictionary<string, ulong> _values;

    private HartRegisters(Dictionary<string, ulong> values, ulong[] x)
    {
        _values = values;
        X = x;
    }

    /// <summary>x0 to x31.</summary>
    public IReadOnlyList<ulong> X { get; }

    /// <summary>The program counter.</summary>
    public ulong Pc => _values["pc"];

    /// <summary>A CSR by its name.</summary>
    public ulong this[string name] => _values[name];

    /// <summary>Reads what the monitor says.</summary>
    /// <exception cref="FormatException">It says something else.</exception>
    public static HartRegisters Read(IReadOnlyList<string> lines)
    {
        var values = lines.SelectMany(line => Register().Matches(line))
            .ToDictionary(match => match.Groups[1].Value, match => ulong.Parse(match.Groups[2].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return values.ContainsKey("pc") && s_names.All(values.ContainsKey)
            ? new HartRegisters(values, [.. s_names.Select(name => values[name])])
            : throw new FormatException("the monitor says no registers");
    }

    [GeneratedRegex(@"(\w+) +0x([0-9a-f]{16})")]
    private static partial Regex Register();
}
