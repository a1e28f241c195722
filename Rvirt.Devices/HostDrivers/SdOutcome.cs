namespace Rvirt.Devices.HostDrivers;

/// <summary>How a transfer of an SD card stands.</summary>
internal enum SdOutcome : byte
{
    /// <summary>The card is to be waited for.</summary>
    Waits,

    /// <summary>All blocks were moved, and the card is not busy.</summary>
    Done,

    /// <summary>The card said no, or something wrong.</summary>
    Refused,

    /// <summary>The card said nothing in time.</summary>
    Silent,
}
