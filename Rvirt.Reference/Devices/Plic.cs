using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>Platform-level interrupt controller with 96 sources; contexts 2h and 2h+1 are hart h's M-mode and S-mode (PLIC spec 1.0).</summary>
/// <param name="machine">Whose harts it interrupts.</param>
/// <param name="harts">How many of them.</param>
public sealed class Plic(HartBoard machine, int harts) : IDevice
{
    private const int Sources = 96;
    private const int Words = Sources / 32;

    private readonly uint[] _priority = new uint[Sources];
    private readonly bool[] _level = new bool[Sources];
    private readonly bool[] _claimed = new bool[Sources];
    private readonly uint[] _pending = new uint[Words];
    private readonly uint[] _enable = new uint[2 * harts * Words];
    private readonly uint[] _threshold = new uint[2 * harts];

    /// <summary>Drives a source's line. Lines are level triggered; the gateway does not take back what it has asked for.</summary>
    /// <param name="source">1 to 95.</param>
    /// <param name="level">Whether the line is high.</param>
    public void SetLine(int source, bool level)
    {
        _level[source] = level;
        if (level && !_claimed[source])
        {
            _pending[source / 32] |= 1u << (source % 32);
        }

        Update();
    }

    /// <inheritdoc/>
    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        value = 0;
        if (size != 4)
        {
            return false;
        }

        var index = offset / 4;
        if (offset < 0x1000)
        {
            value = index < Sources ? _priority[index] : 0;
        }
        else if (offset < 0x2000)
        {
            index -= 0x400;
            value = index < Words ? _pending[index] : 0;
        }
        else if (offset < 0x20_0000)
        {
            var context = (offset - 0x2000) / 0x80;
            var word = (offset & 0x7f) / 4;
            value = context < 2 * (ulong)harts && word < Words ? _enable[(context * Words) + word] : 0;
        }
        else
        {
            var context = (offset - 0x20_0000) / 0x1000;
            if (context < 2 * (ulong)harts)
            {
                value = (offset & 0xfff) switch
                {
                    0 => _threshold[context],
                    4 => Claim((int)context),
                    _ => 0,
                };
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        if (size != 4)
        {
            return false;
        }

        var index = offset / 4;
        if (offset < 0x1000)
        {
            if (index is > 0 and < Sources)
            {
                _priority[index] = (uint)value & 7;
            }
        }
        else if (offset is >= 0x2000 and < 0x20_0000)
        {
            var context = (offset - 0x2000) / 0x80;
            var word = (offset & 0x7f) / 4;
            if (context < 2 * (ulong)harts && word < Words)
            {
                _enable[(context * Words) + word] = (uint)value & (word == 0 ? ~1u : ~0u);
            }
        }
        else if (offset >= 0x20_0000)
        {
            var context = (offset - 0x20_0000) / 0x1000;
            if (context < 2 * (ulong)harts)
            {
                if ((offset & 0xfff) == 0)
                {
                    _threshold[context] = (uint)value & 7;
                }
                else if ((offset & 0xfff) == 4)
                {
                    Complete((int)context, (uint)value);
                }
            }
        }

        Update();
        return true;
    }

    private bool Enabled(int context, int source) => ((_enable[(context * Words) + (source / 32)] >> (source % 32)) & 1) != 0;

    /// <summary>The pending source of highest priority a context has enabled; the threshold does not matter for a claim.</summary>
    private int Best(int context, uint above)
    {
        var best = 0;
        var priority = above;
        for (var source = 1; source < Sources; source++)
        {
            if (((_pending[source / 32] >> (source % 32)) & 1) != 0 && _priority[source] > priority && Enabled(context, source))
            {
                best = source;
                priority = _priority[source];
            }
        }

        return best;
    }

    private uint Claim(int context)
    {
        var source = Best(context, 0);
        if (source != 0)
        {
            _claimed[source] = true;
            _pending[source / 32] &= ~(1u << (source % 32));
            Update();
        }

        return (uint)source;
    }

    private void Complete(int context, uint source)
    {
        if (source is > 0 and < Sources && Enabled(context, (int)source))
        {
            _claimed[source] = false;
            if (_level[source])
            {
                _pending[source / 32] |= 1u << (int)(source % 32);
            }
        }
    }

    private void Update()
    {
        for (var context = 0; context < 2 * harts; context++)
        {
            machine.Harts[context / 2].SetInterruptLine(
                (context & 1) == 0 ? Interrupts.MachineExternal : Interrupts.SupervisorExternal, Best(context, _threshold[context]) != 0);
        }
    }
}
