namespace Rvirt.Core.Instructions;

/// <summary>
/// Encodings that code compares with directly, because looking them up in <see cref="InstructionTable"/> would take too long; the table has them
/// from here. Unprivileged spec §35 ("RV32/64G Instruction Set Listings"), Privileged spec 1.13 §12.2.1, §3.3.
/// </summary>
internal static class Encodings
{
    /// <summary>The major opcode of an instruction of 32 bits.</summary>
    internal const uint OpcodeMask = 0x7f;

    /// <summary>LOAD: loads of general registers.</summary>
    internal const uint LoadOpcode = 0x03;

    /// <summary>SYSTEM: CSR accesses and whatever has no operands of its own.</summary>
    internal const uint SystemOpcode = 0x73;

    internal const uint Ecall = 0x00000073;

    internal const uint Ebreak = 0x00100073;

    internal const uint Sret = 0x10200073;

    internal const uint Wfi = 0x10500073;

    /// <summary>With rs1 and rs2 zero.</summary>
    internal const uint SfenceVma = 0x12000073;

    /// <summary>All but rs1 and rs2.</summary>
    internal const uint SfenceVmaMask = 0xfe007fff;

    /// <summary>Quadrant and funct3 of a compressed instruction.</summary>
    internal const uint CompressedMask = 0xe003;

    /// <summary>c.lw.</summary>
    internal const uint CompressedLoadWord = 0x4000;
}
