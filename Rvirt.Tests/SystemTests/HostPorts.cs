using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;

namespace Rvirt.Tests.SystemTests;

/// <summary>Ports of this machine, for what must be told a number and does not listen on it. Whoever listens lets QEMU choose, or uses a UNIX socket.</summary>
internal static class HostPorts
{
    /// <summary>The first of four that nobody listens on, below those that the kernel hands out to others by itself.</summary>
    public static int Free()
    {
        while (true)
        {
            var first = Random.Shared.Next(12_000, 32_000);
            if (Enumerable.Range(first, 4).All(IsFree))
            {
                return first;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
