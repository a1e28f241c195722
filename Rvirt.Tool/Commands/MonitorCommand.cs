using System;
using System.CommandLine;
using System.IO;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Commands;

/// <summary><c>monitor COMMAND</c>: asks a machine's monitor, as a script does, and ends with 0 where it says <c>rvirt: ok</c>.</summary>
public static class MonitorCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        var words = new Argument<string[]>("command") { Description = "The command and its words; help names all.", Arity = ArgumentArity.OneOrMore };
        words.CompletionSources.Add(GuestNames.Complete);
        var choice = new LineChoice();
        var command = new Command("monitor", "Asks the monitor of a running machine; 0 where it answers rvirt: ok, else 1.") { words };
        choice.AddTo(command);
        command.SetAction(result => MakeCommand.Guarded(
            () => Run(choice.Of(result), string.Join(' ', result.GetValue(words)!), Lines.Real, Console.Out, Console.Error)));
        return command;
    }

    /// <summary>Asks, and says the answer: its lines as they are, what went wrong on standard error.</summary>
    public static int Run(LineChoice.Chosen line, string command, ILines lines, TextWriter output, TextWriter errors)
    {
        var answer = line.Ask(lines, command);
        foreach (var text in answer.Lines)
        {
            output.WriteLine(text);
        }

        (answer.IsOk ? output : errors).WriteLine(answer.End);
        return answer.IsOk ? 0 : 1;
    }
}
