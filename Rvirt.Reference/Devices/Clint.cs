using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>Core-local interruptor: msip at 0, mtimecmp at 0x4000, mtime at 0xbff8.</summary>
/// <param name="machine">Whose harts it interrupts.</param>
/// <param name="harts">How many of them.</param>
public sealed class Clint(HartBoard machine, int harts) : IDevice
{
    private readonly bool[] _software = new bool[harts];
    private ulong _offset;

    /// <summary>A hart's <c>mtimecmp</c>, in ticks; all ones at reset, so that no interrupt is pending.</summary>
    /// <param name="hart">The hart's id.</param>
    public ulong Compare(int hart) => machine.Harts[hart].MachineTimer;

    /// <summary>Sets a hart's <c>mtimecmp</c>.</summary>
    /// <param name="hart">The hart's id.</param>
    /// <param name="value">The tick of <c>mtime</c> from which its timer interrupt is pending.</param>
    public void SetCompare(int hart, ulong value)
    {
        machine.Harts[hart].MachineTimer = value;
        machine.Harts[hart].Attention();
    }

    /// <summary>Sets or clears a hart's <c>msip</c>.</summary>
    /// <param name="hart">The hart's id.</param>
    /// <param name="value">Whether its software interrupt is pending.</param>
    public void SetSoftware(int hart, bool value)
    {
        _software[hart] = value;
        machine.Harts[hart].SetInterruptLine(Interrupts.MachineSoftware, value);
    }

    /// <inheritdoc/>
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
            wide = Compare((int)((offset - 0x4000) / 8));
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

    /// <inheritdoc/>
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
            SetCompare(index, Merge(Compare(index), offset, size, value));
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
}
