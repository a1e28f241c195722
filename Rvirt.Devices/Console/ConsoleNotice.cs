namespace Rvirt.Devices.Console;

/// <summary>What the console itself has to say to the person at the terminal.</summary>
internal enum ConsoleNotice
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Another guest, or the monitor, is shown from now on.</summary>
    Shows,

    /// <summary>Lines of all guests are shown from now on.</summary>
    ShowsAll,

    /// <summary>What keys there are.</summary>
    Help,

    /// <summary>A key without a meaning.</summary>
    Unknown,

    /// <summary>A guest that there is not.</summary>
    NoGuest,

    /// <summary>There is no monitor.</summary>
    NoMonitor,
}
