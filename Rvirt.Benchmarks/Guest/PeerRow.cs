namespace Rvirt.Benchmarks.Guest;

/// <summary>A row of the table: what it is called by the guest, and what RVirt (mit-pdos, Rust, 2019) needs for it on the same QEMU.</summary>
/// <param name="Name">The name that the guest prints.</param>
/// <param name="Unit">Empty for instructions.</param>
/// <param name="PeerNative">What the operation costs natively in the program that measured RVirt.</param>
/// <param name="Peer">RVirt, as it is built by default.</param>
/// <param name="PeerKindest">RVirt, in the build that is kindest to it; 0 where there is no figure.</param>
internal sealed record PeerRow(string Name, string Unit, double PeerNative, double Peer, double PeerKindest)
{
    /// <summary>All rows, in order.</summary>
    public static readonly PeerRow[] All =
    [
        new("csrr sscratch", "", 1, 378, 349),
        new("csrr sepc", "", 1, 378, 349),
        new("csrr scause", "", 1, 378, 349),
        new("csrr stval", "", 1, 378, 349),
        new("csrw sscratch", "", 1, 408, 363),
        new("csrrw sscratch swap", "", 1, 443, 392),
        new("sstatus.SIE set + clear", "", 2, 1046, 956),
        new("sstatus.SUM set + clear", "", 2, 911, 813),
        new("sret to S", "", 1, 283, 268),
        new("null system call", "", 105, 5968, 5457),
        new("user page fault, per page", "", 133, 8570, 6831),
        new("first touch of a mapped 4 KiB page", "", 1, 1647, 544),
        new("sfence.vma all", "", 1, 71008, 52290),
        new("sfence.vma all + 64 pages touched", "", 331, 209798, 112412),
        new("sfence.vma one page", "", 1, 666, 665),
        new("sfence.vma one page + touch", "", 2, 2295, 1191),
        new("satp switch + 64 pages, no fence", "", 334, 209909, 112503),
        new("satp switch + sfence.vma", "", 4, 141512, 104233),
        new("sfence.vma one page beside a large one", "", 0, 0, 0),
        new("PLIC register read", "", 1, 1523, 425),
        new("UART register read", "", 1, 1590, 508),
        new("virtio register read", "", 1, 1556, 490),
        new("timer interrupt round trip", "", 678, 2311, 2246),
        new("timer interrupt round trip, Linux's entry", "", 0, 0, 0),
        new("SBI call: base, version", "", 0, 0, 0),
        new("Linux: getpid", "", 170, 6053, 5537),
        new("Linux: fork + exec + wait of busybox", "", 609e3, 6.27e6, 4.16e6),
        new("Linux: fork + exit + wait", "", 52.5e3, 1.77e6, 1.01e6),
        new("Linux: boot to power-down, ms", "ms", 37.8, 338, 259),
    ];

    /// <summary>Whether the Linux guest measures it.</summary>
    public bool IsLinux => Name.StartsWith("Linux", System.StringComparison.Ordinal);

    /// <summary>The most Rvirt may need: half of RVirt's kindest figure, or twice what the operation costs natively here where that is more.</summary>
    public double? Limit(double? native) =>
        PeerKindest == 0 ? null : System.Math.Max(PeerKindest / 2, 2 * (native ?? 0));
}
