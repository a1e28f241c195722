namespace Rvirt.Core.Instructions;

/// <summary>The instructions that Rvirt decodes, in the order of <see cref="InstructionTable"/>: those that trap, and those that can touch a device.</summary>
public enum InstructionId : byte
{
    /// <summary>None of them.</summary>
    Unknown,

    /// <summary><c>lb</c>.</summary>
    Lb,

    /// <summary><c>lh</c>.</summary>
    Lh,

    /// <summary><c>lw</c>.</summary>
    Lw,

    /// <summary><c>ld</c>.</summary>
    Ld,

    /// <summary><c>lbu</c>.</summary>
    Lbu,

    /// <summary><c>lhu</c>.</summary>
    Lhu,

    /// <summary><c>lwu</c>.</summary>
    Lwu,

    /// <summary><c>flw</c>.</summary>
    Flw,

    /// <summary><c>fld</c>.</summary>
    Fld,

    /// <summary><c>sb</c>.</summary>
    Sb,

    /// <summary><c>sh</c>.</summary>
    Sh,

    /// <summary><c>sw</c>.</summary>
    Sw,

    /// <summary><c>sd</c>.</summary>
    Sd,

    /// <summary><c>fsw</c>.</summary>
    Fsw,

    /// <summary><c>fsd</c>.</summary>
    Fsd,

    /// <summary><c>lr.w</c>.</summary>
    LrW,

    /// <summary><c>lr.d</c>.</summary>
    LrD,

    /// <summary><c>sc.w</c>.</summary>
    ScW,

    /// <summary><c>sc.d</c>.</summary>
    ScD,

    /// <summary><c>amoswap.w</c>.</summary>
    AmoswapW,

    /// <summary><c>amoswap.d</c>.</summary>
    AmoswapD,

    /// <summary><c>amoadd.w</c>.</summary>
    AmoaddW,

    /// <summary><c>amoadd.d</c>.</summary>
    AmoaddD,

    /// <summary><c>amoxor.w</c>.</summary>
    AmoxorW,

    /// <summary><c>amoxor.d</c>.</summary>
    AmoxorD,

    /// <summary><c>amoand.w</c>.</summary>
    AmoandW,

    /// <summary><c>amoand.d</c>.</summary>
    AmoandD,

    /// <summary><c>amoor.w</c>.</summary>
    AmoorW,

    /// <summary><c>amoor.d</c>.</summary>
    AmoorD,

    /// <summary><c>amomin.w</c>.</summary>
    AmominW,

    /// <summary><c>amomin.d</c>.</summary>
    AmominD,

    /// <summary><c>amomax.w</c>.</summary>
    AmomaxW,

    /// <summary><c>amomax.d</c>.</summary>
    AmomaxD,

    /// <summary><c>amominu.w</c>.</summary>
    AmominuW,

    /// <summary><c>amominu.d</c>.</summary>
    AmominuD,

    /// <summary><c>amomaxu.w</c>.</summary>
    AmomaxuW,

    /// <summary><c>amomaxu.d</c>.</summary>
    AmomaxuD,

    /// <summary><c>csrrw</c>.</summary>
    Csrrw,

    /// <summary><c>csrrs</c>.</summary>
    Csrrs,

    /// <summary><c>csrrc</c>.</summary>
    Csrrc,

    /// <summary><c>csrrwi</c>.</summary>
    Csrrwi,

    /// <summary><c>csrrsi</c>.</summary>
    Csrrsi,

    /// <summary><c>csrrci</c>.</summary>
    Csrrci,

    /// <summary><c>ecall</c>.</summary>
    Ecall,

    /// <summary><c>ebreak</c>.</summary>
    Ebreak,

    /// <summary><c>sret</c>.</summary>
    Sret,

    /// <summary><c>wfi</c>.</summary>
    Wfi,

    /// <summary><c>sfence.vma</c>.</summary>
    SfenceVma,

    /// <summary><c>c.fld</c>.</summary>
    CFld,

    /// <summary><c>c.lw</c>.</summary>
    CLw,

    /// <summary><c>c.ld</c>.</summary>
    CLd,

    /// <summary><c>c.fsd</c>.</summary>
    CFsd,

    /// <summary><c>c.sw</c>.</summary>
    CSw,

    /// <summary><c>c.sd</c>.</summary>
    CSd,

    /// <summary><c>c.fldsp</c>.</summary>
    CFldsp,

    /// <summary><c>c.lwsp</c>.</summary>
    CLwsp,

    /// <summary><c>c.ldsp</c>.</summary>
    CLdsp,

    /// <summary><c>c.fsdsp</c>.</summary>
    CFsdsp,

    /// <summary><c>c.swsp</c>.</summary>
    CSwsp,

    /// <summary><c>c.sdsp</c>.</summary>
    CSdsp,
}
