namespace Rvirt.Reference.Harts;

/// <summary>CSR numbers (Privileged spec 1.13 §2.2).</summary>
public static class CsrNumber
{
    /// <summary><c>fflags</c>: exceptions that floating point has met.</summary>
    public const int Fflags = 0x001;

    /// <summary><c>frm</c>: rounding mode of floating point.</summary>
    public const int Frm = 0x002;

    /// <summary><c>fcsr</c>: <see cref="Frm"/> above <see cref="Fflags"/>.</summary>
    public const int Fcsr = 0x003;

    /// <summary><c>vstart</c>: first element that a vector instruction works on.</summary>
    public const int Vstart = 0x008;

    /// <summary><c>vxsat</c>: whether a fixed-point result was saturated.</summary>
    public const int Vxsat = 0x009;

    /// <summary><c>vxrm</c>: rounding mode of fixed point.</summary>
    public const int Vxrm = 0x00a;

    /// <summary><c>vcsr</c>: <see cref="Vxrm"/> above <see cref="Vxsat"/>.</summary>
    public const int Vcsr = 0x00f;

    /// <summary><c>vl</c>: elements that vector instructions work on.</summary>
    public const int Vl = 0xc20;

    /// <summary><c>vtype</c>: width and grouping of elements.</summary>
    public const int Vtype = 0xc21;

    /// <summary><c>vlenb</c>: bytes of a vector register.</summary>
    public const int Vlenb = 0xc22;

    /// <summary><c>sstatus</c>: S-mode's view of <see cref="Mstatus"/>.</summary>
    public const int Sstatus = 0x100;

    /// <summary><c>sie</c>: S-mode's view of <see cref="Mie"/>.</summary>
    public const int Sie = 0x104;

    /// <summary><c>stvec</c>: where traps into S-mode lead.</summary>
    public const int Stvec = 0x105;

    /// <summary><c>scounteren</c>: counters that U-mode may read.</summary>
    public const int Scounteren = 0x106;

    /// <summary><c>senvcfg</c>: environment of U-mode.</summary>
    public const int Senvcfg = 0x10a;

    /// <summary><c>sscratch</c>: scratch register of S-mode's trap handler.</summary>
    public const int Sscratch = 0x140;

    /// <summary><c>sepc</c>: where a trap into S-mode came from.</summary>
    public const int Sepc = 0x141;

    /// <summary><c>scause</c>: cause of a trap into S-mode.</summary>
    public const int Scause = 0x142;

    /// <summary><c>stval</c>: address or instruction of a trap into S-mode.</summary>
    public const int Stval = 0x143;

    /// <summary><c>sip</c>: S-mode's view of <see cref="Mip"/>.</summary>
    public const int Sip = 0x144;

    /// <summary><c>stimecmp</c>: the tick at which S-mode's timer fires (Sstc).</summary>
    public const int Stimecmp = 0x14d;

    /// <summary><c>satp</c>: address translation of S-mode and U-mode.</summary>
    public const int Satp = 0x180;

    /// <summary><c>mstatus</c>: status; its bits are those of <see cref="Status"/>.</summary>
    public const int Mstatus = 0x300;

    /// <summary><c>misa</c>: extensions.</summary>
    public const int Misa = 0x301;

    /// <summary><c>medeleg</c>: exceptions that are S-mode's.</summary>
    public const int Medeleg = 0x302;

    /// <summary><c>mideleg</c>: interrupts that are S-mode's.</summary>
    public const int Mideleg = 0x303;

    /// <summary><c>mie</c>: interrupt enables.</summary>
    public const int Mie = 0x304;

    /// <summary><c>mtvec</c>: where traps into M-mode lead.</summary>
    public const int Mtvec = 0x305;

    /// <summary><c>mcounteren</c>: counters that S-mode may read.</summary>
    public const int Mcounteren = 0x306;

    /// <summary><c>menvcfg</c>: environment of S-mode.</summary>
    public const int Menvcfg = 0x30a;

    /// <summary><c>mcountinhibit</c>: counters that stand still; it reads zero here.</summary>
    public const int Mcountinhibit = 0x320;

    /// <summary><c>mhpmevent3</c>: first event of a further counter.</summary>
    public const int Mhpmevent3 = 0x323;

    /// <summary><c>mhpmevent31</c>: last event of a further counter.</summary>
    public const int Mhpmevent31 = 0x33f;

    /// <summary><c>mscratch</c>: scratch register of M-mode's trap handler.</summary>
    public const int Mscratch = 0x340;

    /// <summary><c>mepc</c>: where a trap into M-mode came from.</summary>
    public const int Mepc = 0x341;

    /// <summary><c>mcause</c>: cause of a trap into M-mode.</summary>
    public const int Mcause = 0x342;

    /// <summary><c>mtval</c>: address or instruction of a trap into M-mode.</summary>
    public const int Mtval = 0x343;

    /// <summary><c>mip</c>: pending interrupts; its bits are those of <see cref="Interrupts"/>.</summary>
    public const int Mip = 0x344;

    /// <summary><c>pmpcfg0</c>: first configuration register of PMP.</summary>
    public const int Pmpcfg0 = 0x3a0;

    /// <summary><c>pmpaddr0</c>: first address register of PMP.</summary>
    public const int Pmpaddr0 = 0x3b0;

    /// <summary><c>pmpaddr63</c>: last address register of PMP.</summary>
    public const int Pmpaddr63 = 0x3ef;

    /// <summary><c>mcycle</c>: cycles.</summary>
    public const int Mcycle = 0xb00;

    /// <summary><c>minstret</c>: instructions retired.</summary>
    public const int Minstret = 0xb02;

    /// <summary><c>mhpmcounter3</c>: first further counter.</summary>
    public const int Mhpmcounter3 = 0xb03;

    /// <summary><c>mhpmcounter31</c>: last further counter.</summary>
    public const int Mhpmcounter31 = 0xb1f;

    /// <summary><c>cycle</c>: <see cref="Mcycle"/> for all modes.</summary>
    public const int Cycle = 0xc00;

    /// <summary><c>time</c>: ticks of <c>mtime</c>.</summary>
    public const int Time = 0xc01;

    /// <summary><c>instret</c>: <see cref="Minstret"/> for all modes.</summary>
    public const int Instret = 0xc02;

    /// <summary><c>hpmcounter31</c>: last further counter for all modes.</summary>
    public const int Hpmcounter31 = 0xc1f;

    /// <summary><c>mvendorid</c>: vendor; zero here.</summary>
    public const int Mvendorid = 0xf11;

    /// <summary><c>mconfigptr</c>: address of a description of the machine; zero here.</summary>
    public const int Mconfigptr = 0xf15;

    /// <summary><c>mhartid</c>: the hart's id.</summary>
    public const int Mhartid = 0xf14;
}
