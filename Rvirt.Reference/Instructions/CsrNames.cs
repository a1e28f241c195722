using System;
using System.Collections.Generic;
using System.Globalization;

namespace Rvirt.Reference.Instructions;

/// <summary>Names of CSRs (Privileged spec 1.13 §2.2).</summary>
public static class CsrNames
{
    private static readonly Dictionary<string, int> _numbers = Build();
    private static readonly Dictionary<int, string> _names = Invert();

    /// <summary>A CSR's name, or its number in hexadecimal where it has none here.</summary>
    /// <param name="number">12 bits.</param>
    public static string Name(int number) =>
        _names.TryGetValue(number, out var name) ? name : "0x" + number.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>A CSR's number; -1 where the name is unknown.</summary>
    /// <param name="name">In small letters.</param>
    public static int Parse(string name) => _numbers.GetValueOrDefault(name, -1);

    private static Dictionary<string, int> Build()
    {
        var map = new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["fflags"] = 0x001,
            ["frm"] = 0x002,
            ["fcsr"] = 0x003,
            ["vstart"] = 0x008,
            ["vxsat"] = 0x009,
            ["vxrm"] = 0x00a,
            ["vcsr"] = 0x00f,
            ["vl"] = 0xc20,
            ["vtype"] = 0xc21,
            ["vlenb"] = 0xc22,
            ["cycle"] = 0xc00,
            ["time"] = 0xc01,
            ["instret"] = 0xc02,
            ["sstatus"] = 0x100,
            ["sie"] = 0x104,
            ["stvec"] = 0x105,
            ["scounteren"] = 0x106,
            ["senvcfg"] = 0x10a,
            ["sscratch"] = 0x140,
            ["sepc"] = 0x141,
            ["scause"] = 0x142,
            ["stval"] = 0x143,
            ["sip"] = 0x144,
            ["stimecmp"] = 0x14d,
            ["satp"] = 0x180,
            ["mvendorid"] = 0xf11,
            ["marchid"] = 0xf12,
            ["mimpid"] = 0xf13,
            ["mhartid"] = 0xf14,
            ["mconfigptr"] = 0xf15,
            ["mstatus"] = 0x300,
            ["misa"] = 0x301,
            ["medeleg"] = 0x302,
            ["mideleg"] = 0x303,
            ["mie"] = 0x304,
            ["mtvec"] = 0x305,
            ["mcounteren"] = 0x306,
            ["menvcfg"] = 0x30a,
            ["mcountinhibit"] = 0x320,
            ["mscratch"] = 0x340,
            ["mepc"] = 0x341,
            ["mcause"] = 0x342,
            ["mtval"] = 0x343,
            ["mip"] = 0x344,
            ["mcycle"] = 0xb00,
            ["minstret"] = 0xb02,
        };
        for (var i = 3; i < 32; i++)
        {
            var digits = i.ToString(CultureInfo.InvariantCulture);
            map["hpmcounter" + digits] = 0xc00 + i;
            map["mhpmcounter" + digits] = 0xb00 + i;
            map["mhpmevent" + digits] = 0x320 + i;
        }

        for (var i = 0; i < 64; i++)
        {
            map["pmpaddr" + i.ToString(CultureInfo.InvariantCulture)] = 0x3b0 + i;
            if (i < 16 && (i & 1) == 0)
            {
                map["pmpcfg" + i.ToString(CultureInfo.InvariantCulture)] = 0x3a0 + i;
            }
        }

        return map;
    }

    private static Dictionary<int, string> Invert()
    {
        var names = new Dictionary<int, string>();
        foreach (var (name, number) in _numbers)
        {
            names[number] = name;
        }

        return names;
    }
}
