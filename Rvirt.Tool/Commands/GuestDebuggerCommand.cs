using System;
using System.CommandLine;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Rvirt.Tool.Debugging;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Commands;

/// <summary><c>gdb GUEST</c>: what gdb connects to for a guest, over a machine's line.</summary>
public static class GuestDebuggerCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var name = new Argument<string>("guest") { Description = "The guest, by name or number." };
        name.CompletionSources.Add(GuestNames.Complete);
        var port = new Option<int?>("--port") { Description = "Waits for gdb at this port of 127.0.0.1. Without: speaks with it by standard input and output, as gdb starts it." };
        var choice = new LineChoice();
        var command = new Command("gdb", "Lets gdb look into a guest of a running machine: target remote | rvirt gdb GUEST.") { name, port };
        choice.AddTo(command);
        command.SetAction(result => MakeCommand.Guarded(() => Run(choice.Of(result), result.GetValue(name)!, result.GetValue(port), Lines.Real, Console.Error)));
        return command;
    }

    /// <summary>Serves gdb until it leaves.</summary>
    /// <exception cref="FormatException">A person typed it: the protocol is nothing for people.</exception>
    public static int Run(LineChoice.Chosen line, string guest, int? port, ILines lines, TextWriter messages)
    {
        if (port is null && !Console.IsInputRedirected)
        {
            throw new FormatException($"gdb speaks here, not people: type in gdb 'target remote | rvirt gdb {guest}', or name a port with --port");
        }

        using var monitor = line.Open(lines);
        if (port is { } number)
        {
            ServePort(monitor, guest, number, messages);
        }
        else
        {
            using var input = Console.OpenStandardInput();
            using var output = Console.OpenStandardOutput();
            Serve(monitor, guest, input, output);
        }

        return 0;
    }

    private static void ServePort(MonitorLink monitor, string guest, int port, TextWriter messages)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start(1);
        }
        catch (SocketException problem)
        {
            throw new IOException($"cannot wait for gdb at port {port}: {problem.Message}");
        }

        messages.WriteLine($"rvirt: gdb: target remote 127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        using var stream = listener.AcceptTcpClient().GetStream();
        Serve(monitor, guest, stream, stream);
    }

    private static void Serve(MonitorLink monitor, string guest, Stream from, Stream to)
    {
        using var gdb = new DebuggerLine(from, to);
        void Close(PosixSignalContext signal)
        {
            signal.Cancel = true;
            gdb.Close();
        }

        // Ctrl-C is for gdb, which says so itself. Who is ended takes back first what was set in the guest.
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var ended = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Close);
        using var left = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Close);
        new GuestStub(gdb, new DebuggedGuest(command => Ask(monitor, command), guest)).Run();
    }
    // A line of one's own says by an exception what a shared one answers.
    private static MonitorAnswer Ask(MonitorLink monitor, string command)
    {
        try
        {
            return monitor.Ask(command);
        }
        catch (IOException problem) when (problem.Message == MonitorAnswer.None)
        {
            return new MonitorAnswer([], $"{MonitorAnswer.Error} {problem.Message}");
        }
    }
}
