using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace Rvirt.Tests.Hostile;

/// <summary>QEMU's machine protocol on a UNIX socket: enough to copy the machine's memory to a file.</summary>
internal sealed class QemuMonitor : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;

    public QemuMonitor(string path)
    {
        for (var tries = 0; !File.Exists(path) && tries < 600; tries++)
        {
            Thread.Sleep(50);
        }

        _socket.ReceiveTimeout = 20_000;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _reader = new StreamReader(new NetworkStream(_socket));
        _reader.ReadLine();
        Execute("""{"execute":"qmp_capabilities"}""");
    }

    /// <summary>QEMU's arguments that make the socket.</summary>
    public static string[] Arguments(string path) => ["-qmp", $"unix:{path},server=on,wait=off"];

    /// <summary>Bytes of the machine's memory.</summary>
    public byte[] Memory(ulong address, ulong length, string file)
    {
        Execute($$$"""{"execute":"pmemsave","arguments":{"val":{{{address}}},"size":{{{length}}},"filename":"{{{file}}}"} }""");
        return File.ReadAllBytes(file);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }

    private void Execute(string command)
    {
        _socket.Send(Encoding.ASCII.GetBytes(command));
        while (true)
        {
            var line = _reader.ReadLine() ?? throw new InvalidOperationException("QEMU closed its monitor");
            if (line.Contains("\"error\"", StringComparison.Ordinal))
            {
                throw new InvalidOperationException(line);
            }

            if (line.Contains("\"return\"", StringComparison.Ordinal))
            {
                return;
            }
        }
    }
}
