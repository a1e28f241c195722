namespace Rvirt.Core.Sbi;

/// <summary>Numbers of the SBI extensions that guests are offered (SBI 2.0 §4 to §12).</summary>
public static class SbiExtension
{
    /// <summary>Legacy set_timer; the numbers 0 to 8 are the legacy calls (SBI 2.0 §5).</summary>
    public const ulong LegacySetTimer = 0;

    /// <summary>Legacy console_putchar.</summary>
    public const ulong LegacyConsolePutchar = 1;

    /// <summary>Legacy console_getchar.</summary>
    public const ulong LegacyConsoleGetchar = 2;

    /// <summary>Legacy clear_ipi.</summary>
    public const ulong LegacyClearIpi = 3;

    /// <summary>Legacy send_ipi.</summary>
    public const ulong LegacySendIpi = 4;

    /// <summary>Legacy remote_fence_i.</summary>
    public const ulong LegacyRemoteFenceI = 5;

    /// <summary>Legacy remote_sfence_vma.</summary>
    public const ulong LegacyRemoteSfenceVma = 6;

    /// <summary>Legacy remote_sfence_vma_asid.</summary>
    public const ulong LegacyRemoteSfenceVmaAsid = 7;

    /// <summary>Legacy shutdown.</summary>
    public const ulong LegacyShutdown = 8;

    /// <summary>Base.</summary>
    public const ulong Base = 0x10;

    /// <summary>Timer, "TIME".</summary>
    public const ulong Time = 0x54494d45;

    /// <summary>Inter-processor interrupts, "sPI".</summary>
    public const ulong Ipi = 0x735049;

    /// <summary>Remote fences, "RFNC".</summary>
    public const ulong Rfence = 0x52464e43;

    /// <summary>Hart state management, "HSM".</summary>
    public const ulong Hsm = 0x48534d;

    /// <summary>System reset, "SRST".</summary>
    public const ulong Srst = 0x53525354;

    /// <summary>System suspend, "SUSP".</summary>
    public const ulong Susp = 0x53555350;

    /// <summary>Performance counters, "PMU".</summary>
    public const ulong Pmu = 0x504d55;

    /// <summary>Debug console, "DBCN".</summary>
    public const ulong Dbcn = 0x4442434e;

    /// <summary>Rvirt's trap counters, in SBI 2.0's space for firmware-specific extensions: 0x0a and the low bits of <see cref="SbiBase.ImplementationId"/>.</summary>
    public const ulong Counters = 0x0a000000 | (SbiBase.ImplementationId & 0xffffff);
}
