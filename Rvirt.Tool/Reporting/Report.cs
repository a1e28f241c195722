using Spectre.Console;

namespace Rvirt.Tool.Reporting;

/// <summary>How commands speak of what goes wrong.</summary>
public static class Report
{
    private const int Widest = 1000;

    private static readonly IAnsiConsole Errors =
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Error) });

    /// <summary>Standard output: no colours and no end of a line but its own where it is no terminal.</summary>
    public static IAnsiConsole Output { get; } = Wide(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Out) }));

    /// <summary>Prints one error and gives the exit status for it.</summary>
    public static int Fail(string message)
    {
        if (System.Console.IsErrorRedirected)
        {
            // A log keeps a message on one line.
            System.Console.Error.WriteLine($"error: {message}");
        }
        else
        {
            Errors.MarkupLineInterpolated($"[red]error:[/] {message}");
        }

        return 1;
    }

    private static IAnsiConsole Wide(IAnsiConsole console)
    {
        if (System.Console.IsOutputRedirected)
        {
            console.Profile.Width = Widest;
        }

        return console;
    }
}
