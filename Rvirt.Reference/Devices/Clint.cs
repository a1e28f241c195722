using System;
using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>Core-local interruptor: msip at 0, mtimecmp at 0x4000, mtime at 0xbff8.</summary>
public sealed class Clint(Machine machine, int harts) : IDevice
{
    private readonly ulong[] _compare = Fill(harts);
    private readonly bool[] _software = new bool[harts];
    private ulong _offset;

    /// <summary>A hart's <c>mtimecmp</c>; all ones at reset, so that no interrupt is pending.</summary>
    public ulong Compare(int hart) => _compare[hart];

    /// <summary>Sets a hart's <c>mtimecmp</c>.</summary>
    public void SetCompare(int hart, ulong value)
    {
        _compare[hart] = value;
        machine.Harts[hart].Attention();
    }

    /// <summary>Sets or clears a hart's <c>msip</c>.</summary>
    public void SetSoftware(int hart, bool value)
    {
        _software[hart] = value;
        machine.Harts[hart].SetInterruptLine(Interrupts.MachineSoftware, value);
    }

    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        value = 0;
        if (size < 4)
        {
            return false;
        }

        ulong wide;
        if (offset < 4 * (ulong)harts)
        {
            wide = _software[offset / 4] ? 1u : 0u;
            value = wide;
            return size == 4;
        }

        if (offset >= 0x4000 && offset < 0x4000 + (8 * (ulong)harts))
        {
            wide = _compare[(offset - 0x4000) / 8];
        }
        else if (offset >= 0xbff8)
        {
            wide = machine.Time(hart) + _offset;
        }
        else
        {
            return true;
        }

        value = size == 8 ? wide : (uint)(wide >> (int)(8 * (offset & 4)));
        return true;
    }

    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        if (size < 4)
        {
            return false;
        }

        if (offset < 4 * (ulong)harts)
        {
            SetSoftware((int)(offset / 4), (value & 1) != 0);
        }
        else if (offset >= 0x4000 && offset < 0x4000 + (8 * (ulong)harts))
        {
            var index = (int)((offset - 0x4000) / 8);
            SetCompare(index, Merge(_compare[index], offset, size, value));
        }
        else if (offset >= 0xbff8)
        {
            var now = machine.Time(hart) + _offset;
            _offset += Merge(now, offset, size, value) - now;
        }

        return true;
    }

    private static ulong Merge(ulong old, ulong offset, int size, ulong value)
    {
        if (size == 8)
        {
            return value;
        }

        var shift = (int)(8 * (offset & 4));
        return (old & ~(0xffff_ffffUL << shift)) | (value << shift);
    }

    private static ulong[] Fill(int harts)
    {
        var result = new ulong[harts];
        Array.Fill(result, ulong.MaxValue);
        return result;
    }
}
