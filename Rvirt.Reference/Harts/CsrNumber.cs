namespace Rvirt.Reference.Harts;

/// <summary>CSR numbers (Privileged spec 1.13 §2.2).</summary>
public static class CsrNumber
{
    public const int Fflags = 0x001, Frm = 0x002, Fcsr = 0x003;
    public const int Vstart = 0x008, Vxsat = 0x009, Vxrm = 0x00a, Vcsr = 0x00f, Vl = 0xc20, Vtype = 0xc21, Vlenb = 0xc22;
    public const int Sstatus = 0x100, Sie = 0x104, Stvec = 0x105, Scounteren = 0x106, Senvcfg = 0x10a;
    public const int Sscratch = 0x140, Sepc = 0x141, Scause = 0x142, Stval = 0x143, Sip = 0x144, Stimecmp = 0x14d, Satp = 0x180;
    public const int Mstatus = 0x300, Misa = 0x301, Medeleg = 0x302, Mideleg = 0x303, Mie = 0x304, Mtvec = 0x305, Mcounteren = 0x306;
    public const int Menvcfg = 0x30a, Mcountinhibit = 0x320, Mhpmevent3 = 0x323, Mhpmevent31 = 0x33f;
    public const int Mscratch = 0x340, Mepc = 0x341, Mcause = 0x342, Mtval = 0x343, Mip = 0x344;
    public const int Pmpcfg0 = 0x3a0, Pmpaddr0 = 0x3b0, Pmpaddr63 = 0x3ef;
    public const int Mcycle = 0xb00, Minstret = 0xb02, Mhpmcounter3 = 0xb03, Mhpmcounter31 = 0xb1f;
    public const int Cycle = 0xc00, Time = 0xc01, Instret = 0xc02, Hpmcounter31 = 0xc1f;
    public const int Mvendorid = 0xf11, Mconfigptr = 0xf15, Mhartid = 0xf14;
}
