using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Devices.Bus;

/// <summary>Tells a guest's virtual harts that their external interrupt line changed, on whichever hart they are.</summary>
/// <remarks>Called under the lock of the guest's devices; what it writes of another virtual hart, its requests, is changed atomically.</remarks>
internal unsafe struct HartSignals
{
    // Bits of VirtualPlic.Signals: two a hart, of which the upper one is its S-mode's.
    private const int BitsOfHart = 2;

    private VCpu** _harts;
    private int _count;

    /// <summary>Names the virtual harts.</summary>
    /// <param name="harts">As many pointers as harts, which stay in place; null where nobody needs telling.</param>
    /// <param name="count">Number of harts.</param>
    public void Use(VCpu** harts, int count)
    {
        // SAFETY: the caller owns them as long as the guest exists.
        _harts = harts;
        _count = harts == null ? 0 : count;
    }

    /// <summary>Whether a hart's line is among those that changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Includes(uint changed, int hart) => ((changed >> ((BitsOfHart * hart) + 1)) & 1) != 0;

    /// <summary>Tells those whose line changed.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="changed">Which bits of the PLIC's signals changed.</param>
    /// <param name="here">The virtual hart that asks by itself, as it is the one that runs here; -1: there is none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Tell<THost>(ref THost host, uint changed, int here)
        where THost : struct, IInterprocessor
    {
        if (changed != 0 && (_count > 1 || here < 0))
        {
            TellAll(ref host, changed, here);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void TellAll<THost>(ref THost host, uint changed, int here)
        where THost : struct, IInterprocessor
    {
        for (var hart = 0; hart < _count; hart++)
        {
            if (hart != here && Includes(changed, hart))
            {
                // SAFETY: there are as many as Use was told.
                HartKick.Raise(ref host, ref *_harts[hart], HartRequest.External);
            }
        }
    }
}
