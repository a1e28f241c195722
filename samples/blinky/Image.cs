using System;
using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;

/// <summary>Blinks on the console until q is typed: the timer's interrupts, and the UART's by way of the PLIC, of QEMU's virt board.</summary>
internal static unsafe class Image
{
    private const ulong TimerInterrupt = 7;
    private const ulong ExternalInterrupt = 11;
    private const ulong Asynchronous = 1UL << 63;
    private const ulong HalfASecond = 5_000_000;

    private static bool s_isOn;

    [UnmanagedCallersOnly(EntryPoint = "image_main")]
    internal static void Main()
    {
        Print("blinky: type q to end\n"u8);
        Board.ListenToUart();
        Board.RingAt(0);
        Instructions.EnableInterrupts((1UL << (int)TimerInterrupt) | (1UL << (int)ExternalInterrupt));
        while (true)
        {
            Instructions.Wait();
        }
    }

    /// <summary>Where the vector calls C#.</summary>
    [UnmanagedCallersOnly(EntryPoint = "image_trap")]
    internal static void Trap(ulong cause)
    {
        switch (cause)
        {
            case Asynchronous | TimerInterrupt:
                s_isOn = !s_isOn;
                Print(s_isOn ? "on\n"u8 : "off\n"u8);
                Board.RingAt(Board.Now() + HalfASecond);
                break;
            case Asynchronous | ExternalInterrupt:
                if (Board.TakeByte() == (byte)'q')
                {
                    Print("the end\n"u8);
                    Board.End(failed: false);
                }

                break;
            default:
                Print("an exception\n"u8);
                Board.End(failed: true);
                break;
        }
    }

    /// <summary>Where every check that fails goes: text is the type and the message of what was thrown, if anything was.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_panic")]
    internal static void Panic(uint kind, byte* text, nuint address)
    {
        Print("panic\n"u8);
        Board.End(failed: true);
    }

    private static void Print(ReadOnlySpan<byte> text)
    {
        foreach (var letter in text)
        {
            Board.Send(letter);
        }
    }
}
