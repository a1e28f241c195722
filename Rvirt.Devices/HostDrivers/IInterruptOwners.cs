using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Those whom the host's interrupt sources belong to, as <see cref="HostPlic{THost}.Serve{TOwners}"/> hands them out.</summary>
public interface IInterruptOwners<THost>
    where THost : struct, IMmio
{
    /// <summary>Serves a source that was claimed; it is completed after that.</summary>
    /// <param name="host">The hart that claimed it.</param>
    /// <param name="owner">What <see cref="HostPlic{THost}.Route"/> was given.</param>
    void Serve(ref THost host, ushort owner);
}
