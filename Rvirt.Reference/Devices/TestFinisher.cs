using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>SiFive's test finisher: a write of one of the codes below to its first register ends the run.</summary>
/// <param name="machine">Whose run it ends.</param>
public sealed class TestFinisher(HartBoard machine) : IDevice
{
    /// <summary>All went well: the machine is switched off.</summary>
    public const uint Pass = 0x5555;

    /// <summary>The machine is to start again.</summary>
    public const uint Reset = 0x7777;

    /// <summary>Something failed; the upper 16 bits say what.</summary>
    public const uint Fail = 0x3333;

    /// <inheritdoc/>
    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        value = 0;
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        if (offset == 0 && (value & 0xffff) is Pass or Reset or Fail)
        {
            machine.End((uint)value);
        }

        return true;
    }
}
