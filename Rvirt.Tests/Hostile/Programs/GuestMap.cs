namespace Rvirt.Tests.Hostile.Programs;

/// <summary>The guest's machine as its documentation has it, written down a second time.</summary>
internal static class GuestMap
{
    public const ulong Test = 0x10_0000;
    public const ulong Clock = 0x10_1000;
    public const ulong Plic = 0x0c00_0000;
    public const ulong Uart = 0x1000_0000;
    public const ulong Virtio = 0x1000_1000;

    private const ulong Slot = 0x1000;
    private const ulong SlotCount = 8;

    /// <summary>Each device's place; of the virtio slots the first, an empty one, and the last.</summary>
    public static readonly (ulong Start, ulong Length)[] Devices =
    [
        (Test, 0x1000), (Clock, 0x24), (Plic, 0x60_0000), (Uart, 0x100), (Virtio, 0x200), (Virtio + (3 * Slot), 0x200), (Virtio + (7 * Slot), 0x200),
    ];

    /// <summary>Whether an address is RAM.</summary>
    public static bool IsRam(ulong address) => address - GuestProgram.RamBase < GuestProgram.RamLength;

    /// <summary>Whether a device answers an access of a size.</summary>
    public static bool Answers(ulong address, int size)
    {
        var aligned = address % (ulong)size == 0;
        if (address - Uart < 0x100)
        {
            return true;
        }

        if (address - Virtio < Slot * SlotCount)
        {
            // Registers answer anything, as on QEMU; the configuration space what is aligned.
            var offset = address % Slot;
            return offset < 0x100 || (offset < 0x200 && aligned);
        }

        if (address - Clock < 0x24)
        {
            return size == 4 && aligned;
        }

        return address - Plic < 0x60_0000 ? size == 4 && aligned : address - Test < 0x1000 && size is 2 or 4;
    }
}
