namespace Rvirt.Devices.Console;

/// <summary>For whom the console has received input.</summary>
/// <param name="guests">A bit for each guest.</param>
/// <param name="monitor">Whether the monitor has.</param>
public readonly struct ConsoleInput(ulong guests, bool monitor)
{
    /// <summary>A bit for each guest that has new input.</summary>
    public ulong Guests => guests;

    /// <summary>Whether the monitor has new input (<see cref="ConsoleMultiplexer{THost}.TakeMonitorInput"/>).</summary>
    public bool Monitor => monitor;
}
