namespace Rvirt.Platform.Unleashed;

/// <content>Registers, descriptors, and the PHY's registers (IEEE 802.3 §22.2.4).</content>
internal partial struct HostCadenceGem
{
    // A descriptor: the buffer's lower half, control or status, its upper half, nothing.
    private const int ControlWord = 1;
    private const int HighWord = 2;

    // In the word with the address.
    private const uint ReceiveUsed = 1u << 0;
    private const uint ReceiveWraps = 1u << 1;

    // In the status of what came.
    private const uint ReceiveLength = 0x1fff;
    private const uint ReceiveStart = 1u << 14;
    private const uint ReceiveEnd = 1u << 15;

    // In the control of what goes.
    private const uint SendLast = 1u << 15;
    private const uint SendWraps = 1u << 30;
    private const uint SendUsed = 1u << 31;

    // Bursts of 16, all of the memory for frames, buffers in units of 64 bytes, descriptors with addresses of 64 bits.
    private const uint DmaConfiguration = 0x10 | (3u << 8) | (1u << 10) | ((BufferBytes / 64) << 16) | (1u << 30);

    // Of the design's configuration: whether it can.
    private const uint Wide64 = 1u << 23;
    private const uint ManagementIsIdle = 1u << 2;

    private const uint MdioFrame = (1u << 30) | (2u << 16);
    private const uint MdioWrite = 1u << 28;
    private const uint MdioRead = 2u << 28;
    private const int MdioPhyShift = 23;
    private const int MdioRegisterShift = 18;

    private static class Register
    {
        public const uint Control = 0x000;
        public const uint Configuration = 0x004;
        public const uint NetworkStatus = 0x008;
        public const uint DmaConfiguration = 0x010;
        public const uint TransmitStatus = 0x014;
        public const uint ReceiveQueue = 0x018;
        public const uint TransmitQueue = 0x01c;
        public const uint ReceiveStatus = 0x020;
        public const uint InterruptStatus = 0x024;
        public const uint InterruptEnable = 0x028;
        public const uint InterruptDisable = 0x02c;
        public const uint PhyManagement = 0x034;
        public const uint DesignConfiguration6 = 0x294;
        public const uint TransmitQueueHigh = 0x4c8;
        public const uint ReceiveQueueHigh = 0x4d4;
    }

    private static class Control
    {
        public const uint Receive = 1u << 2;
        public const uint Transmit = 1u << 3;
        public const uint Management = 1u << 4;
        public const uint ClearStatistics = 1u << 5;
        public const uint StartTransmit = 1u << 9;
    }

    private static class Configuration
    {
        public const uint Hundred = 1u << 0;
        public const uint FullDuplex = 1u << 1;
        public const uint Gigabit = 1u << 10;
        public const uint SlowestManagement = 7u << 18;

        // All frames, of up to 1536 bytes, without their checksum; a bus of 64 bits.
        public const uint Always = (1u << 4) | (1u << 8) | (1u << 17) | SlowestManagement | (1u << 21);

        // No bit of the register: the speed is known.
        public const uint Known = 1u << 31;
    }

    private static class Cause
    {
        public const uint Received = 1u << 1;

        // No free descriptor, or no room before one was read.
        public const uint NoRoom = (1u << 2) | (1u << 10);

        // A frame that came too late for the line, one that was given up, and one that could not be read.
        public const uint SendErrors = (1u << 4) | (1u << 5) | (1u << 6);
        public const uint BusError = 1u << 11;
        public const uint Trouble = NoRoom | SendErrors | BusError;
        public const uint Wanted = Received | Trouble;
    }

    private static class Phy
    {
        public const byte Addresses = 32;
        public const uint Control = 0;
        public const uint Status = 1;
        public const uint Identifier = 2;
        public const uint Ours = 4;
        public const uint Partner = 5;
        public const uint OursGigabit = 9;
        public const uint PartnerGigabit = 10;
        public const int PartnerGigabitShift = 2;

        // The control register: negotiate, and begin now.
        public const ushort Negotiate = 0x1200;

        // The status register: a link, and what it is has been negotiated.
        public const ushort HasLink = 0x0024;

        public const uint TenFull = 1u << 6;
        public const uint HundredFull = 1u << 8;
        public const uint HundredEither = HundredFull | (1u << 7);
        public const uint GigabitFull = 1u << 9;
        public const uint GigabitEither = GigabitFull | (1u << 8);
    }
}
