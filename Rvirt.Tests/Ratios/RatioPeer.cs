using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Rvirt.Tests.Ratios;

/// <summary>
/// Whom a guest's programs send to and receive from, on this machine's 127.0.0.1: the first byte of a connection says what its other end wants, "r" to receive
/// <see cref="RatioRow.Megabytes"/>, "s" to send as many and to be told by one byte when the last has come.
/// </summary>
internal sealed class RatioPeer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;

    public RatioPeer()
    {
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _listener.Dispose();
        _serving.Wait();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync().ConfigureAwait(false);
            }
            catch (Exception ended) when (ended is SocketException or InvalidOperationException)
            {
                // It was ended while it waited, or between two waits.
                return;
            }

            using (client)
            {
                try
                {
                    await AnswerAsync(client.GetStream()).ConfigureAwait(false);
                }
                catch (IOException)
                {
                    // Its other end went away, and says so itself.
                }
            }
        }
    }

    private static async Task AnswerAsync(NetworkStream stream)
    {
        var buffer = new byte[1 << 20];
        if (await stream.ReadAsync(buffer.AsMemory(0, 1)).ConfigureAwait(false) == 0)
        {
            return;
        }

        if (buffer[0] == 'r')
        {
            for (var i = 0; i < RatioRow.Megabytes; i++)
            {
                await stream.WriteAsync(buffer).ConfigureAwait(false);
            }

            return;
        }

        for (var left = RatioRow.Megabytes << 20; left > 0;)
        {
            var count = await stream.ReadAsync(buffer).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            left -= count;
        }

        await stream.WriteAsync("!"u8.ToArray()).ConfigureAwait(false);
    }
}
