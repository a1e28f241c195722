namespace Rvirt.Core.Instructions;

/// <summary>Where an instruction keeps its operands (Unprivileged spec §2.2, §28.2).</summary>
internal enum InstructionFormat : byte
{
    /// <summary>No operands.</summary>
    None,

    /// <summary>rd, imm[11:0](rs1): loads.</summary>
    Load,

    /// <summary>rs2, imm[11:0](rs1): stores.</summary>
    Store,

    /// <summary>rd, rs2, (rs1): atomics, with aq and rl.</summary>
    Atomic,

    /// <summary>rd, csr, rs1.</summary>
    CsrRegister,

    /// <summary>rd, csr, uimm[4:0].</summary>
    CsrImmediate,

    /// <summary>rs1, rs2: fences of address translation.</summary>
    Fence,

    /// <summary>c.lw and c.flw's word form: rd', uimm[6:2](rs1').</summary>
    CompressedLoadWord,

    /// <summary>c.ld, c.fld: rd', uimm[7:3](rs1').</summary>
    CompressedLoadDouble,

    /// <summary>c.sw: rs2', uimm[6:2](rs1').</summary>
    CompressedStoreWord,

    /// <summary>c.sd, c.fsd: rs2', uimm[7:3](rs1').</summary>
    CompressedStoreDouble,

    /// <summary>c.lwsp: rd, uimm[7:2](sp).</summary>
    CompressedLoadWordStack,

    /// <summary>c.ldsp, c.fldsp: rd, uimm[8:3](sp).</summary>
    CompressedLoadDoubleStack,

    /// <summary>c.swsp: rs2, uimm[7:2](sp).</summary>
    CompressedStoreWordStack,

    /// <summary>c.sdsp, c.fsdsp: rs2, uimm[8:3](sp).</summary>
    CompressedStoreDoubleStack,
}
