using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes;

/// <summary>Reads of the device registers that drivers read all the time: part of each mode's hot path.</summary>
/// <remarks>The loads of general registers, 32 bits long, and <c>c.lw</c>; <see cref="DeviceAccess"/> knows them all.</remarks>
internal static class HotDeviceRead
{
    private const uint SignedWord = 2;

    private const uint NoLoad = 7;

    /// <summary>Emulates the load at the guest's program counter.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="bus">Its guest's devices.</param>
    /// <param name="instruction">What stands there; of a compressed instruction the lower 16 bits count.</param>
    /// <param name="va">Where the load faulted.</param>
    /// <param name="address">The guest physical address it leads to.</param>
    /// <returns>False where it is none of the few, with nothing changed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryHandle<THost, TBus>(ref THost host, ref VCpu v, ref TBus bus, uint instruction, ulong va, ulong address)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        int rd, rs1;
        long offset;
        uint width;
        ulong length;
        if ((instruction & Encodings.OpcodeMask) == Encodings.LoadOpcode)
        {
            rd = (int)((instruction >> 7) & 31);
            rs1 = (int)((instruction >> 15) & 31);
            offset = (int)instruction >> 20;
            width = (instruction >> 12) & 7;
            length = 4;
        }
        else if ((instruction & Encodings.CompressedMask) == Encodings.CompressedLoadWord)
        {
            rd = (int)(8 + ((instruction >> 2) & 7));
            rs1 = (int)(8 + ((instruction >> 7) & 7));
            offset = (((instruction >> 10) & 7) << 3) | (((instruction >> 6) & 1) << 2) | (((instruction >> 5) & 1) << 6);
            width = SignedWord;
            length = 2;
        }
        else
        {
            return false;
        }

        var size = 1 << (int)(width & 3);
        // The instruction can have changed since it faulted.
        if (width == NoLoad || v.X[rs1] + (ulong)offset != va || !bus.TryReadQuick(address, size, out var value))
        {
            return false;
        }

        // Bit 2 of the width is set in the loads that extend with zeros.
        var shift = 64 - (size << 3);
        v.X[rd] = (width & 4) != 0 ? value : (ulong)((long)(value << shift) >> shift);
        v.X[0] = 0;
        v.Pc += length;
        v.Counters.Mmio++;
        return true;
    }
}
