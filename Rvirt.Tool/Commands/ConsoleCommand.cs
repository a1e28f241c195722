using System;
using System.CommandLine;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using Rvirt.Tool.Reporting;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Commands;

/// <summary><c>console [GUEST]</c>: becomes the terminal of a machine, or one more, and shares its line with others.</summary>
public static class ConsoleCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var name = new Argument<string?>("guest") { Description = "The guest to show first.", Arity = ArgumentArity.ZeroOrOne };
        name.CompletionSources.Add(GuestNames.Complete);
        var choice = new LineChoice();
        var command = new Command("console", "Becomes the terminal of a running machine, or one more. Ctrl-A X ends it; the machine goes on.") { name };
        choice.AddTo(command);
        command.SetAction(result => MakeCommand.Guarded(() => Run(choice.Of(result), result.GetValue(name), Lines.Real, new RealTerminal(), Console.Error)));
        return command;
    }

    /// <summary>Is the terminal until the line ends, or Ctrl-A X.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(LineChoice.Chosen line, string? guest, ILines lines, ITerminal terminal, TextWriter messages)
    {
        if (line.Line is { } path)
        {
            var stream = lines.Open(path, line.Speed);
            using var hub = new LineHub(stream, stream, line.Escape, LineChoice.Patience);
            return Be(hub, line, guest, terminal, messages);
        }

        if (guest is not null && line.Ask(lines, $"focus {guest}") is { IsOk: false } refused)
        {
            return Report.Fail(refused.Problem);
        }

        using var shared = line.Join(lines);
        shared.Write(Encoding.ASCII.GetBytes(LineHub.Terminal + "\n"));
        using var raw = terminal.MakeRaw();
        var seeing = shared.CopyToAsync(terminal.Output);
        return End(seeing, Task.Run(() => Type(terminal, bytes => shared.Write(bytes.Span))));
    }

    private static int Be(LineHub hub, LineChoice.Chosen line, string? guest, ITerminal terminal, TextWriter messages)
    {
        var seeing = hub.Run();
        if (guest is not null && hub.Ask($"focus {guest}").GetAwaiter().GetResult() is { IsOk: false } refused)
        {
            return Report.Fail(refused.Problem);
        }

        line.Share(hub, messages);
        using var raw = terminal.MakeRaw();
        hub.Join(terminal.Output);
        return End(seeing, Task.Run(() => Type(terminal, hub.Type)));
    }

    // Input that ends, as that of a pipe does, ends nothing: what comes is shown on.
    private static int End(Task seeing, Task<bool> typing)
    {
        if (Task.WaitAny(seeing, typing) == 1 && !typing.GetAwaiter().GetResult())
        {
            Task.WaitAny(seeing);
        }

        return 0;
    }

    // Whether the key came that ends the terminal.
    private static bool Type(ITerminal terminal, Action<ReadOnlyMemory<byte>> type)
    {
        var keys = new QuitKey();
        var buffer = new byte[1024];
        try
        {
            int count;
            while ((count = terminal.Input.Read(buffer)) != 0)
            {
                var quit = keys.Take(buffer.AsSpan(0, count), out var rest, out var help);
                if (rest.Length != 0)
                {
                    type(rest);
                }

                if (help)
                {
                    terminal.Output.Write("\r\nCtrl-A X ends this terminal, Ctrl-A Ctrl-A sends one\r\n"u8);
                    terminal.Output.Flush();
                }

                if (quit)
                {
                    return true;
                }
            }
        }
        catch (IOException)
        {
            // The line is gone.
        }

        return false;
    }
}
