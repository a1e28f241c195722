using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Rvirt.Tests.SystemTests;

/// <summary>QEMU's machine protocol on a UNIX socket: enough to copy the machine's memory to a file, and to ask for its ports.</summary>
internal sealed class QemuMonitor : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;

    public QemuMonitor(string path, QemuMachine machine)
    {
        UnixSockets.AwaitListener(path, machine.Process);
        _socket.ReceiveTimeout = (int)Patience.Least.TotalMilliseconds;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _reader = new StreamReader(new NetworkStream(_socket));
        _reader.ReadLine();
        Execute(/*lang=json,strict*/ """{"execute":"qmp_capabilities"}""");
    }

    /// <summary>QEMU's arguments that make the socket.</summary>
    public static string[] Arguments(string path) => ["-qmp", $"unix:{path},server=on,wait=off"];

    /// <summary>Bytes of the machine's memory.</summary>
    public byte[] Memory(ulong address, ulong length, string file)
    {
        Execute($$$"""{"execute":"pmemsave","arguments":{"val":{{{address}}},"size":{{{length}}},"filename":"{{{file}}}"} }""");
        return File.ReadAllBytes(file);
    }

    /// <summary>The port of this machine that QEMU chose for a network's forwarding to the guest's SSH, given with port 0.</summary>
    public int SshPort(string network)
    {
        var answer = Human("info usernet");
        var match = Regex.Match(answer, $@"\({network}\):.*?HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+22\s", RegexOptions.Singleline);
        return match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException(answer);
    }

    /// <summary>The answer to a command of the monitor for people.</summary>
    public string Human(string command) =>
        Execute($$$"""{"execute":"human-monitor-command","arguments":{"command-line":"{{{command}}}"} }""");

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }

    private string Execute(string command)
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
                return line.Replace("\\r\\n", "\n", StringComparison.Ordinal);
            }
        }
    }
}
