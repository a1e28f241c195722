using Rvirt.Core.DeviceTree;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Devices.Bus;

/// <summary>A guest's SiFive test device: one register, by which it asks for its end. It reads as zero.</summary>
internal static class TestDevice
{
    /// <summary>Whether the device answers an access of a size, in bytes.</summary>
    public static bool Answers(int size) => size is 2 or 4;

    /// <summary>What a write asks for.</summary>
    /// <param name="offset">Where; the register is the first.</param>
    /// <param name="size">2 or 4 bytes.</param>
    /// <param name="value">What was written.</param>
    /// <param name="code">The guest's failure code.</param>
    public static GuestEvent Write(ulong offset, int size, uint value, out ushort code)
    {
        code = 0;
        if (offset != 0)
        {
            return GuestEvent.None;
        }

        switch (value & ushort.MaxValue)
        {
            case TestDeviceWord.Pass:
                return GuestEvent.Shutdown;
            case TestDeviceWord.Reset:
                return GuestEvent.Reboot;
            case TestDeviceWord.Fail:
                code = size == 4 ? (ushort)(value >> TestDeviceWord.StatusShift) : (ushort)0;
                return GuestEvent.Fail;
            default:
                return GuestEvent.None;
        }
    }
}
