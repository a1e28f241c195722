namespace Rvirt.Core.Privileged;

/// <summary>Fields of <c>satp</c> for RV64 (Privileged spec 1.13 §12.1.11).</summary>
public static class Satp
{
    /// <summary>Shift of MODE, four bits.</summary>
    public const int ModeShift = 60;

    /// <summary>Shift of ASID, sixteen bits.</summary>
    public const int AsidShift = 44;

    /// <summary>Mask of ASID in place.</summary>
    public const ulong AsidMask = 0xffffUL << AsidShift;

    /// <summary>Mask of PPN, the root table's page number.</summary>
    public const ulong PpnMask = (1UL << AsidShift) - 1;

    /// <summary>MODE of a value.</summary>
    public static TranslationMode Mode(ulong satp) => (TranslationMode)(satp >> ModeShift);

    /// <summary>ASID of a value.</summary>
    public static ushort Asid(ulong satp) => (ushort)(satp >> AsidShift);

    /// <summary>PPN of a value.</summary>
    public static ulong Ppn(ulong satp) => satp & PpnMask;
}
