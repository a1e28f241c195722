using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>A set of virtual harts as SBI calls name it: a mask and the hart id of its lowest bit (SBI 2.0 §3.1).</summary>
internal readonly struct HartMask
{
    private readonly ulong _mask;

    private readonly ulong _base;

    /// <summary>Makes the set of a call's two arguments; a base of all ones names every hart.</summary>
    public HartMask(ulong mask, ulong maskBase)
    {
        _mask = mask;
        _base = maskBase;
    }

    /// <summary>Whether every hart named exists.</summary>
    public bool IsValid(in VCpu v)
    {
        if (_base == ulong.MaxValue)
        {
            return true;
        }

        var harts = (ulong)v.GuestHarts;
        return _base < harts && (harts - _base >= 64 || _mask >> (int)(harts - _base) == 0);
    }

    /// <summary>Whether none is named.</summary>
    public bool IsEmpty => _base != ulong.MaxValue && _mask == 0;

    /// <summary>The guest's harts that are named, as bits by their number: to go through those alone.</summary>
    public uint Of(in VCpu v)
    {
        var all = (1u << v.GuestHarts) - 1;
        return _base == ulong.MaxValue ? all : _base >= (ulong)v.GuestHarts ? 0 : (uint)(_mask << (int)_base) & all;
    }

    /// <summary>Whether a hart is named.</summary>
    public bool Contains(int hart) =>
        _base == ulong.MaxValue || ((ulong)hart >= _base && (ulong)hart - _base < 64 && ((_mask >> (int)((ulong)hart - _base)) & 1) != 0);
}
