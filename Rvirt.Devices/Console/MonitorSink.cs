using Rvirt.Core.Host;

namespace Rvirt.Devices.Console;

/// <summary>What the monitor prints: it is kept, and shown while the monitor has the focus. The console is free between two bytes.</summary>
public readonly unsafe struct MonitorSink<THost> : IConsoleSink<THost>
    where THost : struct, IMmio
{
    private readonly ConsoleMultiplexer<THost>* _console;

    /// <summary>Names the console, which must stay where it is.</summary>
    internal MonitorSink(ConsoleMultiplexer<THost>* console) => _console = console;

    /// <inheritdoc/>
    // SAFETY: the constructor's caller keeps the console's state in place.
    public void Write(ref THost host, byte value) => _console->MonitorOutput(ref host, value);
}
