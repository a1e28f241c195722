using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes;

/// <summary>Registers of a hart's units, which a guest changes without a trap in whatever way it is run.</summary>
internal static class HartRegisters
{
    /// <summary>Finds out which units the hart has, and leaves nobody's values in its f registers: they are zero, as simulators start them.</summary>
    /// <remarks>
    /// <c>sstatus.FS</c> is on. A reset promises nothing of the registers (Privileged spec 1.13 §3.4), and that of an emulator may keep
    /// them: but what Rvirt's guest would find there can be another life's.
    /// </remarks>
    /// <returns>What the hart has. Where it has no FS it has no f registers.</returns>
    public static unsafe HartUnits Open<THost>(ref THost host)
        where THost : struct, ISupervisorCsrs, IFloatingPoint, IVectors
    {
        var units = host.ProbeVectorBytes() is 0 or > VectorArea.LongestRegister ? HartUnits.None : HartUnits.Vectors;
        if ((host.ReadSstatus() & Sstatus.Fs) == 0)
        {
            return units;
        }

        var zero = default(FloatingPointArea);
        // SAFETY: on this stack, and as long as what is loaded.
        host.RestoreFloatingPoint(zero.Words);
        return units | HartUnits.FloatingPoint;
    }

    /// <summary>Stores those that the hart has.</summary>
    /// <remarks>Whatever FS and VS say: a kernel turns them off while they hold a program's values.</remarks>
    public static unsafe void Save<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, IFloatingPoint, IVectors
    {
        if ((units & HartUnits.FloatingPoint) != 0)
        {
            fixed (ulong* words = v.FloatingPoint.Words)
            {
                // SAFETY: as long as what is stored.
                host.SaveFloatingPoint(words);
            }
        }

        if ((units & HartUnits.Vectors) != 0 && v.HasVectors)
        {
            // SAFETY: the room is for registers as long as those of each hart that runs it.
            host.SaveVectors(v.Vectors.Words);
        }
    }

    /// <summary>Loads them.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="units">The units whose registers do not hold the virtual hart's values.</param>
    public static unsafe void Load<THost>(ref THost host, ref VCpu v, HartUnits units)
        where THost : struct, IFloatingPoint, IVectors
    {
        if ((units & HartUnits.FloatingPoint) != 0)
        {
            fixed (ulong* words = v.FloatingPoint.Words)
            {
                // SAFETY: as long as what is loaded.
                host.RestoreFloatingPoint(words);
            }
        }

        if ((units & HartUnits.Vectors) != 0 && v.HasVectors)
        {
            // SAFETY: as long as what is loaded, as above.
            host.RestoreVectors(v.Vectors.Words);
        }
    }

    /// <summary>An f register of the guest, 64 bits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe ulong ReadFloatingPoint<THost>(ref THost host, int register)
        where THost : struct, IFloatingPoint
    {
        // SAFETY: the area is as large as the call says, the register is below 32.
        var area = stackalloc ulong[FloatingPointArea.Count];
        host.SaveFloatingPoint(area);
        return area[register];
    }

    /// <summary>Writes an f register of the guest, which makes them dirty.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe void WriteFloatingPoint<THost>(ref THost host, int register, ulong value)
        where THost : struct, ISupervisorCsrs, IFloatingPoint
    {
        // SAFETY: the area is as large as the two calls say, the register is below 32.
        var area = stackalloc ulong[FloatingPointArea.Count];
        host.SaveFloatingPoint(area);
        area[register] = value;
        host.RestoreFloatingPoint(area);
        host.WriteSstatus(host.ReadSstatus() | Sstatus.FsDirty);
    }
}
