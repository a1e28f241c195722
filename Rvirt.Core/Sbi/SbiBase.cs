namespace Rvirt.Core.Sbi;

/// <summary>The base extension (SBI 2.0 §4).</summary>
internal static class SbiBase
{
    /// <summary>SBI 2.0, as get_spec_version encodes it.</summary>
    public const ulong SpecVersion = 2UL << 24;

    /// <summary>Rvirt's implementation id: the letters "RVRT", no registered number.</summary>
    public const ulong ImplementationId = 0x52565254;

    /// <summary>Rvirt's version: major in the upper half, minor in the lower.</summary>
    public const ulong ImplementationVersion = 1;

    internal static SbiResult Call(ulong function, ulong argument)
    {
        switch (function)
        {
            case 0:
                return SbiResult.Success(SpecVersion);
            case 1:
                return SbiResult.Success(ImplementationId);
            case 2:
                return SbiResult.Success(ImplementationVersion);
            case 3:
                return SbiResult.Success(Offers(argument) ? 1UL : 0UL);
            case 4:
            case 5:
            case 6:
                // mvendorid, marchid and mimpid are neutral, so that no kernel picks a vendor's errata.
                return SbiResult.Success();
            default:
                return SbiDispatcher.NotSupported;
        }
    }

    private static bool Offers(ulong extension) => extension
        is <= SbiExtension.LegacyShutdown
        or SbiExtension.Base
        or SbiExtension.Time
        or SbiExtension.Ipi
        or SbiExtension.Rfence
        or SbiExtension.Hsm
        or SbiExtension.Srst
        or SbiExtension.Susp
        or SbiExtension.Pmu
        or SbiExtension.Dbcn
        or SbiExtension.Counters;
}
