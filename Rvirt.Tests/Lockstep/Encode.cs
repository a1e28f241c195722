namespace Rvirt.Tests.Lockstep;

/// <summary>Instruction words from their fields (Unprivileged spec §2.2, §35).</summary>
public static class Encode
{
    public const uint Nop = 0x13, Ecall = 0x73, Ebreak = 0x0010_0073, Sret = 0x1020_0073, Wfi = 0x1050_0073, FenceI = 0x100f;

    /// <summary>A CSR instruction: form 1 to 3 is write, set, clear of a register.</summary>
    public static uint Csr(int form, int number, int rs1, int rd) =>
        ((uint)number << 20) | ((uint)rs1 << 15) | ((uint)form << 12) | ((uint)rd << 7) | 0x73;

    /// <summary>A CSR instruction with an immediate: form 5 to 7.</summary>
    public static uint CsrImmediate(int form, int number, int immediate, int rd) => Csr(form, number, immediate, rd);

    /// <summary>sfence.vma.</summary>
    public static uint SfenceVma(int rs1, int rs2) => 0x1200_0073 | ((uint)rs1 << 15) | ((uint)rs2 << 20);

    /// <summary>A load; width is funct3, 0 (lb) to 6 (lwu).</summary>
    public static uint Load(int width, int rd, int rs1, int offset) =>
        ((uint)offset << 20) | ((uint)rs1 << 15) | ((uint)width << 12) | ((uint)rd << 7) | 0x03;

    /// <summary>A store; width is funct3, 0 (sb) to 3 (sd).</summary>
    public static uint Store(int width, int rs1, int rs2, int offset) =>
        ((uint)(offset >> 5) << 25) | ((uint)rs2 << 20) | ((uint)rs1 << 15) | ((uint)width << 12) | ((uint)(offset & 31) << 7) | 0x23;

    /// <summary>An atomic memory operation, 0 to 8, of width 2 or 3.</summary>
    public static uint Atomic(int operation, int width, int rd, int rs1, int rs2)
    {
        var function = operation switch { 0 => 1u, 1 => 0u, _ => (uint)(operation - 1) << 2 };
        return (function << 27) | ((uint)rs2 << 20) | ((uint)rs1 << 15) | ((uint)width << 12) | ((uint)rd << 7) | 0x2f;
    }

    /// <summary>lr of width 2 or 3.</summary>
    public static uint LoadReserved(int width, int rd, int rs1) => (2u << 27) | ((uint)rs1 << 15) | ((uint)width << 12) | ((uint)rd << 7) | 0x2f;

    /// <summary>sc of width 2 or 3.</summary>
    public static uint StoreConditional(int width, int rd, int rs1, int rs2) =>
        (3u << 27) | ((uint)rs2 << 20) | ((uint)rs1 << 15) | ((uint)width << 12) | ((uint)rd << 7) | 0x2f;
}
