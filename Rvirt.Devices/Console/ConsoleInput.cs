namespace Rvirt.Devices.Console;

/// <summary>For whom the console has received input.</summary>
public readonly struct ConsoleInput
{
    internal ConsoleInput(ulong guests, bool monitor)
    {
        Guests = guests;
        Monitor = monitor;
    }

    /// <summary>A bit for each guest that has new input.</summary>
    public ulong Guests { get; }

    /// <summary>Whether the monitor has new input (<see cref="ConsoleMultiplexer{THost}.TakeMonitorInput"/>).</summary>
    public bool Monitor { get; }
}
