using Rvirt.Core.Host;

namespace Rvirt.Devices.Console;

/// <summary>A message of the hypervisor's, while its writer has the console (<see cref="ConsoleMultiplexer{THost}.BeginMessage"/>).</summary>
public readonly unsafe struct MessageSink<THost> : IConsoleSink<THost>
    where THost : struct, IMmio
{
    private readonly ConsoleMultiplexer<THost>* _console;

    internal MessageSink(ConsoleMultiplexer<THost>* console) => _console = console;

    /// <inheritdoc/>
    // SAFETY: BeginMessage's caller keeps the console's state in place.
    public void Write(ref THost host, byte value) => _console->PutMessage(value);
}
