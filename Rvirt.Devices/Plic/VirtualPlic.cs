using System.Numerics;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Devices.Plic;

/// <summary>A guest's platform-level interrupt controller: the SiFive PLIC (PLIC 1.0.0).</summary>
/// <remarks>
/// <para>95 sources, priorities 0 to 7, two contexts for each virtual hart: 2 * hart is its M-mode, 2 * hart + 1 its S-mode.</para>
/// <para>Sources are level-triggered. A source pends once its line is high, from its last completion on; a line that falls before the
/// claim does not take the request back (PLIC 1.0.0 §1.3, interrupt gateways). A claim takes the highest priority, then the lowest number, whatever the threshold
/// (PLIC 1.0.0 §8); a completion counts only for a source that the context enables (§9).</para>
/// <para>Registers answer 4-byte aligned accesses only; registers that do not exist read as zero. The owner holds a lock.</para>
/// </remarks>
public unsafe struct VirtualPlic
{
    /// <summary>Sources, with the source 0 that does not exist.</summary>
    public const int SourceCount = 96;

    /// <summary>Most virtual harts of a guest.</summary>
    public const int MaxHarts = GuestBoard.MaximumHarts;

    /// <summary>Size of the register space in bytes.</summary>
    public const ulong Size = 0x60_0000;

    /// <summary>Highest priority.</summary>
    public const byte MaxPriority = 7;

    private const int Words = 2;
    private const uint PendingBase = 0x1000;
    private const uint EnableBase = 0x2000;
    private const uint EnableStride = 0x80;
    private const uint ContextBase = 0x20_0000;
    private const uint ContextStride = 0x1000;
    private const uint ThresholdOffset = 0;
    private const uint ClaimOffset = 4;

    private uint _signals;
    private int _contexts;
    // SAFETY: of every index below: a source is checked to be under SourceCount, 96, so that its word is 0 or 1 of Words; a context is under
    // _contexts, twice the harts that Reset takes, which are at most MaxHarts.
    private fixed ulong _level[Words];
    private fixed ulong _pending[Words];
    private fixed ulong _claimed[Words];
    private fixed ulong _enable[2 * MaxHarts * Words];
    private fixed byte _threshold[2 * MaxHarts];
    private fixed byte _priority[SourceCount];

    /// <summary>Resets everything but the lines of the sources, which are their devices'.</summary>
    /// <param name="harts">Number of virtual harts, 1 to <see cref="MaxHarts"/>.</param>
    public void Reset(int harts)
    {
        var level0 = _level[0];
        var level1 = _level[1];
        this = default;
        _contexts = 2 * harts;
        _level[0] = level0;
        _level[1] = level1;
        _pending[0] = level0;
        _pending[1] = level1;
    }

    /// <summary>A bit per context whose external interrupt line is high.</summary>
    public readonly uint Signals => _signals;

    /// <summary>Whether the S-mode line of a virtual hart is high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool SupervisorSignal(int hart) => ((_signals >> ((2 * hart) + 1)) & 1) != 0;

    /// <summary>Whether a source's line is high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool Level(uint source) => ((_level[source / 64 % Words] >> (int)(source % 64)) & 1) != 0;

    /// <summary>Whether an offset is that of a claim register, whose read gives the source that is claimed.</summary>
    internal static bool IsClaim(uint offset) => offset >= ContextBase && (offset & (ContextStride - 1)) == ClaimOffset;

    /// <summary>Drives a source's line.</summary>
    /// <param name="source">1 to 95; others do nothing.</param>
    /// <param name="high">Whether the device asks for service.</param>
    public void SetLevel(uint source, bool high)
    {
        if (source - 1 >= SourceCount - 1 || Level(source) == high)
        {
            return;
        }

        var word = source / 64;
        var bit = 1UL << (int)(source % 64);
        if (high)
        {
            _level[word] |= bit;
            if ((_claimed[word] & bit) == 0)
            {
                _pending[word] |= bit;
                Update();
            }
        }
        else
        {
            _level[word] &= ~bit;
        }
    }

    /// <summary>Reads a priority: what needs no lock.</summary>
    /// <param name="offset">Byte offset, less than <see cref="Size"/>.</param>
    /// <param name="value">The priority.</param>
    /// <returns>False where <see cref="TryRead"/> must do it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool TryReadField(uint offset, out ulong value)
    {
        // Misaligned offsets turn into large ones.
        var source = BitOperations.RotateRight(offset, 2);
        value = 0;
        if (source >= SourceCount)
        {
            return false;
        }

        value = _priority[source];
        return true;
    }

    /// <summary>Reads a register.</summary>
    /// <param name="offset">Byte offset, less than <see cref="Size"/>.</param>
    /// <param name="value">The register.</param>
    /// <returns>False for a misaligned offset.</returns>
    public bool TryRead(uint offset, out ulong value)
    {
        value = 0;
        if ((offset & 3) != 0)
        {
            return false;
        }

        if (TryReadField(offset, out value))
        {
            return true;
        }

        if (offset >= ContextBase)
        {
            var context = (offset - ContextBase) / ContextStride;
            if (context < (uint)_contexts)
            {
                value = (offset & (ContextStride - 1)) switch
                {
                    ThresholdOffset => _threshold[context],
                    ClaimOffset => Claim(context),
                    _ => 0,
                };
            }
        }
        else if (offset >= EnableBase)
        {
            if (TryEnableWord(offset, out var index, out var shift))
            {
                value = (uint)(_enable[index] >> shift);
            }
        }
        else if (offset >= PendingBase)
        {
            var word = (offset - PendingBase) / 4;
            if (word < SourceCount / 32)
            {
                value = (uint)(_pending[word / 2] >> (int)(word % 2 * 32));
            }
        }

        return true;
    }

    /// <summary>Writes a register.</summary>
    /// <param name="offset">Byte offset, less than <see cref="Size"/>.</param>
    /// <param name="value">The value; bits the register does not have are dropped.</param>
    /// <returns>False for a misaligned offset.</returns>
    public bool TryWrite(uint offset, uint value)
    {
        if ((offset & 3) != 0)
        {
            return false;
        }

        if (offset >= ContextBase)
        {
            var context = (offset - ContextBase) / ContextStride;
            if (context >= (uint)_contexts)
            {
                return true;
            }

            switch (offset & (ContextStride - 1))
            {
                case ThresholdOffset:
                    _threshold[context] = (byte)(value & MaxPriority);
                    break;
                case ClaimOffset:
                    Complete(context, value);
                    break;
                default:
                    return true;
            }
        }
        else if (offset >= EnableBase)
        {
            if (!TryEnableWord(offset, out var index, out var shift))
            {
                return true;
            }

            // Source 0 does not exist.
            var kept = offset % EnableStride == 0 ? value & ~1u : value;
            _enable[index] = (_enable[index] & ~(0xffff_ffffUL << shift)) | ((ulong)kept << shift);
        }
        else if (offset < PendingBase && (offset / 4) - 1 < SourceCount - 1)
        {
            _priority[offset / 4] = (byte)(value & MaxPriority);
        }

        Update();
        return true;
    }

    private readonly bool TryEnableWord(uint offset, out uint index, out int shift)
    {
        var context = (offset - EnableBase) / EnableStride;
        var word = offset % EnableStride / 4;
        index = (context * Words) + (word / 2);
        shift = (int)(word % 2 * 32);
        return context < (uint)_contexts && word < SourceCount / 32;
    }

    private uint Claim(uint context)
    {
        var source = Best(context, 0);
        if (source != 0)
        {
            var bit = 1UL << (int)(source % 64);
            _pending[source / 64] &= ~bit;
            _claimed[source / 64] |= bit;
            Update();
        }

        return source;
    }

    private void Complete(uint context, uint source)
    {
        if (source >= SourceCount)
        {
            return;
        }

        var word = source / 64;
        var bit = 1UL << (int)(source % 64);
        if ((_enable[(context * Words) + word] & bit) != 0)
        {
            _claimed[word] &= ~bit;
            _pending[word] |= _level[word] & bit;
        }
    }

    // The source of highest priority above a floor that pends and is enabled, or 0.
    private readonly uint Best(uint context, int floor)
    {
        var best = 0u;
        for (var word = 0u; word < Words; word++)
        {
            var candidates = _pending[word] & _enable[(context * Words) + word];
            while (candidates != 0)
            {
                var source = (word * 64) + (uint)BitOperations.TrailingZeroCount(candidates);
                candidates &= candidates - 1;
                if (_priority[source] > floor)
                {
                    floor = _priority[source];
                    best = source;
                }
            }
        }

        return best;
    }

    private void Update()
    {
        var signals = 0u;
        if ((_pending[0] | _pending[1]) != 0)
        {
            for (var context = 0u; context < (uint)_contexts; context++)
            {
                if (Best(context, _threshold[context]) != 0)
                {
                    signals |= 1u << (int)context;
                }
            }
        }

        _signals = signals;
    }
}
