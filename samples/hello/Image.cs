using System;
using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;

internal static unsafe class Image
{
    private const ulong Uart = 0x10000000, Power = 0x100000;

    [AsmIntrinsic("sb $1, 0($0)", ClobbersMemory = true)]
    private static extern void Store8(ulong register, byte value);

    [AsmIntrinsic("sw $1, 0($0)", ClobbersMemory = true)]
    private static extern void Store32(ulong register, uint value);

    [UnmanagedCallersOnly(EntryPoint = "image_main")]
    internal static void Main()
    {
        foreach (var letter in "Hello from C#, without a runtime\n"u8)
        {
            Store8(Uart, letter);
        }

        Store32(Power, 0x5555);
    }

    [UnmanagedCallersOnly(EntryPoint = "rvirt_panic")]
    internal static void Panic(uint kind, byte* text, nuint address) => Store32(Power, 0x13333);
}
