using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The key that speaks to the console and not to a guest.</summary>
[ColdPath]
internal static class EscapeCommand
{
    private const int Control = 0x40;

    /// <summary>Says which it is, or makes it another.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var word = run.Line.Word(1);
        if (word.IsEmpty)
        {
            var key = view.Escape;
            if (key == ConsoleEscape.None)
            {
                output.Text("  none\n"u8);
                return CommandResult.Done;
            }

            var letter = (byte)(key + Control);
            output.Text("  Ctrl-"u8).Text(new ReadOnlySpan<byte>(in letter)).Newline();
            return CommandResult.Done;
        }

        if (!ConsoleEscape.TryRead(word, out var escape))
        {
            return Answer.Error(output, ": write ^ and one of @ A-Z [ \\ ] ^ _ but J and M, or none"u8, word);
        }

        view.Escape = escape;
        return CommandResult.Done;
    }
}
