using Rvirt.Core.Host;

namespace Rvirt.Devices.Console;

/// <summary>Where console bytes go. Implemented by structs and passed as a generic type argument.</summary>
public interface IConsoleSink<THost>
    where THost : struct, IMmio
{
    /// <summary>Sends one byte.</summary>
    void Write(ref THost host, byte value);
}
