namespace Rvirt.Reference.Instructions;

/// <summary>How an instruction's operands are encoded and written.</summary>
internal enum Format : byte
{
    /// <summary>No operand.</summary>
    None,

    /// <summary><c>rd, rs1, rs2</c>.</summary>
    R,

    /// <summary><c>rd, rs1, imm12</c>.</summary>
    I,

    /// <summary><c>rd, imm12(rs1)</c>: loads and jalr.</summary>
    Load,

    /// <summary><c>rd, rs1, shamt</c> with 6 bits.</summary>
    Shift,

    /// <summary><c>rd, rs1, shamt</c> with 5 bits.</summary>
    ShiftW,

    /// <summary><c>rs2, imm12(rs1)</c>.</summary>
    S,

    /// <summary><c>rs1, rs2, target</c>.</summary>
    B,

    /// <summary><c>rd, imm20</c>.</summary>
    U,

    /// <summary><c>rd, target</c>.</summary>
    J,

    /// <summary><c>pred, succ</c>.</summary>
    Fence,

    /// <summary><c>rd, csr, rs1</c>.</summary>
    Csr,

    /// <summary><c>rd, csr, uimm5</c>.</summary>
    CsrImmediate,

    /// <summary><c>rd, rs2, (rs1)</c> with aq and rl.</summary>
    Amo,

    /// <summary><c>rd, (rs1)</c> with aq and rl.</summary>
    Lr,

    /// <summary><c>rs1, rs2</c>.</summary>
    SfenceVma,

    /// <summary><c>fd, imm12(rs1)</c>.</summary>
    FloatLoad,

    /// <summary><c>fs2, imm12(rs1)</c>.</summary>
    FloatStore,

    /// <summary><c>fd, fs1, fs2</c>, rounded.</summary>
    FloatBinary,

    /// <summary><c>fd, fs1, fs2</c>, not rounded.</summary>
    FloatPlain,

    /// <summary><c>fd, fs1, fs2, fs3</c>, rounded.</summary>
    FloatTernary,

    /// <summary><c>fd, fs1</c>, rounded.</summary>
    FloatUnary,

    /// <summary><c>rd, fs1, fs2</c>.</summary>
    FloatCompare,

    /// <summary><c>rd, fs1</c>, rounded.</summary>
    FloatToInteger,

    /// <summary><c>rd, fs1</c>, not rounded.</summary>
    FloatMoveToInteger,

    /// <summary><c>fd, rs1</c>, rounded.</summary>
    IntegerToFloat,

    /// <summary><c>fd, rs1</c>, not rounded.</summary>
    FloatMoveFromInteger,
}
