namespace Rvirt.Boot.Firmware;

/// <summary>How the firmware is called for one service.</summary>
internal enum FirmwareKind : byte
{
    /// <summary>It does not offer it.</summary>
    None,

    /// <summary>As SBI 0.1 did.</summary>
    Legacy,

    /// <summary>By the extension of SBI 0.2 and later.</summary>
    Extension,
}
