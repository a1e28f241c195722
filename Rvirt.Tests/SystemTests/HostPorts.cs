using System.Net;
using System.Net.Sockets;

namespace Rvirt.Tests.SystemTests;

/// <summary>Ports of this machine that nobody listens on.</summary>
internal static class HostPorts
{
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
