/// <summary>The registers of QEMU's virt board that are needed here.</summary>
internal static class Board
{
    private const ulong Uart = 0x10000000;
    private const ulong UartInterruptEnable = Uart + 1;
    private const uint UartSource = 10;

    private const ulong Power = 0x100000;

    private const ulong TimeCompare = 0x02004000;
    private const ulong Time = 0x0200bff8;

    private const ulong PlicPriority = 0x0c000000;
    private const ulong PlicEnable = 0x0c002000;
    private const ulong PlicThreshold = 0x0c200000;
    private const ulong PlicClaim = 0x0c200004;

    internal static void Send(byte value) => Instructions.Store8(Uart, value);

    internal static ulong Now() => Instructions.Load64(Time);

    internal static void RingAt(ulong time) => Instructions.Store64(TimeCompare, time);

    internal static void ListenToUart()
    {
        Instructions.Store32(PlicPriority + (4 * UartSource), 1);
        Instructions.Store32(PlicEnable, 1u << (int)UartSource);
        Instructions.Store32(PlicThreshold, 0);
        Instructions.Store8(UartInterruptEnable, 1);
    }

    /// <summary>Takes the interrupt and the byte that it tells of.</summary>
    internal static byte TakeByte()
    {
        var source = Instructions.Load32(PlicClaim);
        var value = source == UartSource ? Instructions.Load8(Uart) : (byte)0;
        Instructions.Store32(PlicClaim, source);
        return value;
    }

    internal static void End(bool failed) => Instructions.Store32(Power, failed ? 0x13333u : 0x5555u);
}
