using System;
using System.Text;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Guests;

/// <summary>The reference hart's ISA string for device trees.</summary>
public static class HartIsa
{
    /// <summary>The string that is true of a hart with these options.</summary>
    public static ReadOnlySpan<byte> Describe(HartOptions options)
    {
        var isa = new StringBuilder(options.FloatingPoint ? "rv64imafdc" : "rv64imac");
        if (options.VectorBits != 0)
        {
            // Of V it lacks vectors of floating point, which are illegal instructions; the hypervisor gives guests no part of V by name.
            isa.Append('v');
        }

        isa.Append("_zicsr_zifencei");
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
}
