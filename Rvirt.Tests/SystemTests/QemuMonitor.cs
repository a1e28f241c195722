using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>QEMU's machine protocol on a UNIX socket: enough to copy the machine's memory to a file, and to ask for its ports.</summary>
internal sealed class QemuMonitor : IDisposable
{
    private readonly Socket _socket;
    private readonly StreamReader _reader;

    /// <exception cref="AssertionException">QEMU has ended; what it said stands there.</exception>
    public QemuMonitor(string path, QemuMachine machine)
        : this(path, machine.Process, machine.Describe)
    {
    }

    /// <summary>The monitor of a program that may drop who comes while it starts: nothing has been asked yet then, and who comes again is served.</summary>
    internal QemuMonitor(string path, Process program, Func<string> story)
    {
        UnixSockets.AwaitListener(path, program);
        (Socket Socket, StreamReader Reader)? greeted = null;
        Patience.Until(() => (greeted = Greeted(path)) is not null || (program.HasExited ? throw new AssertionException("QEMU has ended\n" + story()) : false), "a greeting of QEMU's monitor");
        (_socket, _reader) = greeted!.Value;
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

    /// <summary>The ports of this machine that lead to SSH servers on a network, by the servers' addresses there.</summary>
    public IReadOnlyDictionary<string, int> SshPorts() => Regex.Matches(Human("info usernet"), @"HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+(\S+)\s+22\s")
        .ToDictionary(match => match.Groups[2].Value, match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    /// <summary>The answer to a command of the monitor for people.</summary>
    public string Human(string command) =>
        Execute($$$"""{"execute":"human-monitor-command","arguments":{"command-line":"{{{command}}}"} }""");

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }

    private static (Socket Socket, StreamReader Reader)? Greeted(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)Patience.Least.TotalMilliseconds };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            var reader = new StreamReader(new NetworkStream(socket));
            if (reader.ReadLine() is not null)
            {
                Execute(socket, reader, /*lang=json,strict*/ """{"execute":"qmp_capabilities"}""");
                return (socket, reader);
            }
        }
        catch (Exception problem) when (problem is IOException or SocketException)
        {
            // Dropped, or QEMU has ended.
        }

        socket.Dispose();
        return null;
    }

    private static string Execute(Socket socket, StreamReader reader, string command)
    {
        socket.Send(Encoding.ASCII.GetBytes(command));
        while (true)
        {
            var line = reader.ReadLine() ?? throw new EndOfStreamException("QEMU closed its monitor");
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

    private string Execute(string command) => Execute(_socket, _reader, command);
}
