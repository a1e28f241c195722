using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>SiFive's test finisher: a write ends the run.</summary>
public sealed class TestFinisher(Machine machine) : IDevice
{
    public const uint Pass = 0x5555, Reset = 0x7777, Fail = 0x3333;

    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        value = 0;
        return true;
    }

    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        if (offset == 0 && (value & 0xffff) is Pass or Reset or Fail)
        {
            machine.End((uint)value);
        }

        return true;
    }
}
