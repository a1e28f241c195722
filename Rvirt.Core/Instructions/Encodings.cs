namespace Rvirt.Core.Instructions;

/// <summary>
/// Encodings that code compares with directly, because looking them up in <see cref="InstructionTable"/> would take too long or because the table does
/// not need them; what it does need it has from here. Unprivileged spec §35 ("RV32/64G Instruction Set Listings"), §26.8, Privileged spec 1.13 §12.2.1, §3.3.
/// </summary>
public static class Encodings
{
    /// <summary>The major opcode of an instruction of 32 bits.</summary>
    public const uint OpcodeMask = 0x7f;

    /// <summary>LOAD: loads of general registers.</summary>
    internal const uint LoadOpcode = 0x03;

    /// <summary>LOAD-FP: loads of floating-point and vector registers.</summary>
    internal const uint LoadFloatOpcode = 0x07;

    /// <summary>MISC-MEM: fences and cache-block operations.</summary>
    internal const uint FenceOpcode = 0x0f;

    /// <summary>OP-IMM: arithmetic with a constant.</summary>
    internal const uint ImmediateOpcode = 0x13;

    /// <summary>auipc.</summary>
    internal const uint AuipcOpcode = 0x17;

    /// <summary>OP-IMM-32: the same on words.</summary>
    internal const uint ImmediateWordOpcode = 0x1b;

    /// <summary>STORE: stores of general registers.</summary>
    internal const uint StoreOpcode = 0x23;

    /// <summary>STORE-FP: stores of floating-point and vector registers.</summary>
    internal const uint StoreFloatOpcode = 0x27;

    /// <summary>AMO: atomics, load-reserved and store-conditional.</summary>
    public const uint AtomicOpcode = 0x2f;

    /// <summary>OP: arithmetic of registers.</summary>
    internal const uint RegisterOpcode = 0x33;

    /// <summary>lui.</summary>
    internal const uint LuiOpcode = 0x37;

    /// <summary>OP-32: arithmetic of registers on words.</summary>
    internal const uint RegisterWordOpcode = 0x3b;

    /// <summary>BRANCH: conditional branches.</summary>
    public const uint BranchOpcode = 0x63;

    /// <summary>jalr.</summary>
    public const uint JalrOpcode = 0x67;

    /// <summary>jal.</summary>
    public const uint JalOpcode = 0x6f;

    /// <summary>SYSTEM: CSR accesses and whatever has no operands of its own.</summary>
    internal const uint SystemOpcode = 0x73;

    /// <summary>A fence with predecessor W and nothing else: a hint in a loop that waits (Zihintpause).</summary>
    public const uint Pause = 0x0100000f;

    internal const uint Ecall = 0x00000073;

    internal const uint Ebreak = 0x00100073;

    /// <summary>Waits for a store to the reservation set (Zawrs).</summary>
    public const uint WrsNto = 0x00d00073;

    /// <summary>The same for a short time.</summary>
    public const uint WrsSto = 0x01d00073;

    /// <summary>The return from a supervisor's trap.</summary>
    public const uint Sret = 0x10200073;

    internal const uint Wfi = 0x10500073;

    /// <summary>With rs1 and rs2 zero.</summary>
    internal const uint SfenceVma = 0x12000073;

    /// <summary>All but rs1 and rs2.</summary>
    internal const uint SfenceVmaMask = 0xfe007fff;

    /// <summary>Quadrant and funct3 of a compressed instruction.</summary>
    public const uint CompressedMask = 0xe003;

    /// <summary>c.lw.</summary>
    internal const uint CompressedLoadWord = 0x4000;

    /// <summary>c.j.</summary>
    public const uint CompressedJump = 0xa001;

    /// <summary>c.beqz.</summary>
    public const uint CompressedBranchZero = 0xc001;

    /// <summary>c.bnez.</summary>
    public const uint CompressedBranchNotZero = 0xe001;

    /// <summary>All of c.jr and c.jalr but the register, which is not x0.</summary>
    public const uint CompressedRegisterMask = 0xf07f;

    /// <summary>c.jr, with a register.</summary>
    public const uint CompressedJumpRegister = 0x8002;

    /// <summary>c.jalr, with a register.</summary>
    public const uint CompressedCallRegister = 0x9002;

    /// <summary>c.ebreak: c.jalr of x0.</summary>
    public const ushort CompressedEbreak = 0x9002;
}
