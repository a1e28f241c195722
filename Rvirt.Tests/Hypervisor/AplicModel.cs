using System;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>Two domains of an APLIC that interrupts harts directly (AIA 1.0 §4.5), in front of the machine's PLIC, which has the lines and the harts.</summary>
internal sealed class AplicModel
{
    /// <summary>Where the domains are.</summary>
    public const ulong Supervisor = 0x0d10_0000, Machine = 0x0e00_0000;

    /// <summary>Their nodes, in the place of the PLIC's.</summary>
    public const string Nodes = """
        aplic@d100000 { compatible = "riscv,aplic"; reg = <0 0xd100000 0 0x8000>; riscv,num-sources = <95>; interrupts-extended = <1 9 2 9>; phandle = <6>; };
        aplic@e000000 { compatible = "riscv,aplic"; reg = <0 0xe000000 0 0x8000>; riscv,num-sources = <95>; riscv,children = <6>; riscv,delegate = <6 1 95>; interrupts-extended = <1 11 2 11>; };
        """;

    private const int Sources = 96;
    private const uint Delegated = 0x400, Level = 6;

    private readonly Machine _machine;
    private readonly bool[] _delegated = new bool[Sources];
    private readonly bool[] _active = new bool[Sources];
    private readonly bool[] _enabled = new bool[Sources];
    private readonly uint[] _hart = new uint[Sources];
    private readonly bool[] _delivers = new bool[2];
    private bool _on;

    /// <summary>Puts them on a machine.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="firmware">Whether firmware has delegated all sources, and keeps its own domain for itself.</param>
    public AplicModel(Machine machine, bool firmware)
    {
        _machine = machine;
        Array.Fill(_delegated, firmware);
        machine.Attach(Supervisor, 0x8000, new Domain(this));
        if (!firmware)
        {
            machine.Attach(Machine, 0x8000, new Parent(this));
        }
    }

    // Priority 1 and the enables, as the PLIC has them, of what is on its way to a hart.
    private void Update()
    {
        for (var hart = 0u; hart < 2; hart++)
        {
            for (var word = 0u; word < Sources / 32; word++)
            {
                var enables = 0UL;
                for (var source = 32 * word; source < 32 * (word + 1); source++)
                {
                    if (_on && _delivers[hart] && _active[source] && _enabled[source] && _hart[source] == hart)
                    {
                        enables |= 1UL << (int)(source % 32);
                        _machine.Plic.TryWrite(null, 4 * source, 4, 1);
                    }
                }

                _machine.Plic.TryWrite(null, 0x2000 + (0x80 * ((2 * hart) + 1)) + (4 * word), 4, enables);
            }
        }
    }

    private sealed class Domain(AplicModel model) : IDevice
    {
        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = 0;
            if (offset is > 0x3000 and < 0x3000 + (4 * Sources))
            {
                var source = (offset - 0x3000) / 4;
                value = model._active[source] ? (model._hart[source] << 18) | 1 : 0;
            }
            else if (offset >= 0x4000 && (offset & 0x1f) == 0x1c)
            {
                // It has no hold of what it gave away: a line that stays high pends at once.
                var register = 0x20_0004 + (0x1000 * ((2 * ((offset - 0x4000) / 0x20)) + 1));
                model._machine.Plic.TryRead(hart, register, 4, out var source);
                model._machine.Plic.TryWrite(hart, register, 4, source);
                value = source == 0 ? 0 : (source << 16) | 1;
            }

            return size == 4;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            switch (offset)
            {
                case 0:
                    model._on = value == 0x100;
                    break;
                case > 0 and < 4 * Sources:
                    var source = offset / 4;
                    model._active[source] = model._delegated[source] && value == Level;
                    model._enabled[source] &= model._active[source];
                    break;
                case 0x1edc when value < Sources:
                    model._enabled[value] = model._active[value];
                    break;
                case 0x1fdc when value < Sources:
                    model._enabled[value] = false;
                    break;
                case > 0x3000 and < 0x3000 + (4 * Sources) when model._active[(offset - 0x3000) / 4]:
                    model._hart[(offset - 0x3000) / 4] = (uint)value >> 18;
                    break;
                case >= 0x4000 and < 0x4040 when (offset & 0x1f) == 0:
                    model._delivers[(offset - 0x4000) / 0x20] = value == 1;
                    break;
            }

            model.Update();
            return size == 4;
        }
    }

    private sealed class Parent(AplicModel model) : IDevice
    {
        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = 0;
            return false;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            model._delegated[offset / 4] = value == Delegated;
            return size == 4 && offset is > 0 and < 4 * Sources;
        }
    }
}
