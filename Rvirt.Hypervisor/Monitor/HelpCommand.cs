using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>What there is to type.</summary>
[ColdPath]
internal static class HelpCommand
{
    private const int Width = 30;

    /// <summary>A command a line, or the one that was named.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var name = run.Line.Word(1);
        var index = name.IsEmpty ? run.Step : CommandTable<TView, THost, TSink>.Find(name);
        if (index < 0)
        {
            return Answer.Error(output, ": no command of that name"u8, name);
        }

        var row = CommandTable<TView, THost, TSink>.Row(index);
        output.Text("  "u8).Text(row.Name).Text(" "u8).Left(row.Arguments, Width - 1 - row.Name.Length).Text(row.Help).Newline();
        return name.IsEmpty && index != CommandTable<TView, THost, TSink>.Count - 1 ? CommandResult.More : CommandResult.Done;
    }
}
