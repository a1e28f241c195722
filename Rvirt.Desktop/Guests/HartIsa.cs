using System;
using System.Linq;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Guests;

/// <summary>The reference hart's ISA string for device trees.</summary>
public static class HartIsa
{
    /// <summary>The string that is true of a hart with these options.</summary>
    public static ReadOnlySpan<byte> Describe(HartOptions options)
    {
        var isa = new StringBuilder(options.FloatingPoint ? "rv64imafdc" : "rv64imac").Append("_zicsr_zifencei");
        if (options.CounterCsrs)
        {
            isa.Append("_zicntr");
        }

        isa.Append(options.HardwareAccessedDirty ? "_svadu" : "_svade");
        if (options.Sstc)
        {
            isa.Append("_sstc");
        }

        if (!options.CacheInvalidEntries)
        {
            isa.Append("_svvptc");
        }

        return Encoding.ASCII.GetBytes(isa.ToString());
    }

    /// <summary>The same as a list, which says what there is not, too: in a string the counters are part of I.</summary>
    public static IsaExtensions Extensions(HartOptions options)
    {
        var names = Encoding.ASCII.GetString(Describe(options)).Split('_');
        return IsaExtensions.OfList(Encoding.ASCII.GetBytes(string.Concat(names[0][4..].Select(letter => $"{letter}\0").Concat(names[1..].Select(name => name + "\0")))));
    }
}
