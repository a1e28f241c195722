using System;
using System.Collections.Generic;
using System.Globalization;

namespace Rvirt.Reference.Instructions;

/// <summary>Register names of the calling convention.</summary>
public static class Registers
{
    /// <summary>x0 to x31 by their ABI names.</summary>
    public static readonly string[] Integer =
    [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
        "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    ];

    /// <summary>f0 to f31 by their ABI names.</summary>
    public static readonly string[] Float =
    [
        "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
        "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
    ];

    private static readonly Dictionary<string, int> _integer = Build(Integer, "x", "fp");
    private static readonly Dictionary<string, int> _float = Build(Float, "f", null);

    /// <summary>The number of an integer register; -1 where it is none.</summary>
    /// <param name="name">As x5, t0 or fp.</param>
    public static int ParseInteger(string name) => _integer.GetValueOrDefault(name, -1);

    /// <summary>The number of a float register; -1 where it is none.</summary>
    /// <param name="name">As f5 or ft5.</param>
    public static int ParseFloat(string name) => _float.GetValueOrDefault(name, -1);

    private static Dictionary<string, int> Build(string[] names, string prefix, string? eighth)
    {
        var result = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
        {
            result[names[i]] = i;
            result[prefix + i.ToString(CultureInfo.InvariantCulture)] = i;
        }

        if (eighth is not null)
        {
            result[eighth] = 8;
        }

        return result;
    }
}
