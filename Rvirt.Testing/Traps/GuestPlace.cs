namespace Rvirt.Testing.Traps;

/// <summary>Where the RAM of a test's guest lies, and its first instruction.</summary>
public static class GuestPlace
{
    /// <summary>Guest physical address of the first byte of RAM.</summary>
    public const ulong RamBase = 0x8000_0000;

    /// <summary>Bytes of RAM.</summary>
    public const int RamSize = 0x4000;

    /// <summary>Guest physical address of the first instruction, which need not be in RAM: instructions are in <see cref="TestHart.Code"/>.</summary>
    public const ulong Entry = 0x8020_0000;
}
