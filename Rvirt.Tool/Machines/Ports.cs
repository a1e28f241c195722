using System.Linq;
using System.Net;
using System.Net.NetworkInformation;

namespace Rvirt.Tool.Machines;

/// <summary>The ports of this machine, without a connection: to QEMU's debugger port one would stop the machine.</summary>
public sealed class Ports : IPorts
{
    /// <inheritdoc/>
    public bool IsTaken(int port) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
        .Any(listener => listener.Port == port && (IPAddress.IsLoopback(listener.Address) || listener.Address.Equals(IPAddress.Any) || listener.Address.Equals(IPAddress.IPv6Any)));
}
