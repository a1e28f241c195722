namespace Rvirt.Tests.Hypervisor;

/// <summary>Programs of guests that count in their RAM, so that it shows who gets on, who stands still and who begins again.</summary>
internal static class CountingPrograms
{
    /// <summary>Where they count.</summary>
    public const ulong Counter = 0x8040_0000;

    /// <summary>Counts all the time, and never traps.</summary>
    public const string Spin = "li s0, 0x80400000\nld t0, 0(s0)\nagain: addi t0, t0, 1\nsd t0, 0(s0)\nj again\n";

    /// <summary>Wakes each millisecond, and counts that.</summary>
    public const string Sleeper = """
        li s0, 0x80400000
        li t0, 32
        csrw sie, t0
        again:
        csrr a0, time
        li t0, 10000
        add a0, a0, t0
        li a7, 0x54494D45
        li a6, 0
        ecall
        wfi
        ld t0, 0(s0)
        addi t0, t0, 1
        sd t0, 0(s0)
        j again

        """;
}
