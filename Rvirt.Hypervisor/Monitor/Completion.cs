using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>Completes the word before the cursor: a command's name, else a guest's.</summary>
internal static class Completion
{
    /// <summary>Puts in what all candidates have in common, and a blank behind a single one; where that is nothing, names them.</summary>
    /// <returns>Whether they were named: the line has to be shown again.</returns>
    public static bool Complete<TView, THost, TSink>(ref TView view, ref LineEditor editor, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        var before = editor.BeforeCursor;
        var text = before.Text;
        // The mark of a script is no part of a name.
        text = text.IsEmpty || text[0] != (byte)'!' ? text : text[1..];
        var start = text.LastIndexOf((byte)' ') + 1;
        var word = text[start..];
        var commands = text[..start].Trim((byte)' ').IsEmpty;
        var count = commands ? CommandTable<TView, THost, TSink>.Count : view.GuestCount;
        var common = default(ShortText);
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            var name = Name<TView, THost, TSink>(ref view, commands, i);
            if (name.Text.StartsWith(word))
            {
                common = found++ == 0 ? name : new ShortText(name.Text[..name.Text.CommonPrefixLength(common.Text)]);
            }
        }

        if (found == 0)
        {
            LineEditor.Ring(output);
            return false;
        }

        if (found == 1 || common.Text.Length > word.Length)
        {
            editor.Insert(output, common.Text[word.Length..]);
            if (found == 1)
            {
                editor.Insert(output, " "u8);
            }

            return false;
        }

        output.Newline();
        for (var i = 0; i < count; i++)
        {
            var name = Name<TView, THost, TSink>(ref view, commands, i);
            if (name.Text.StartsWith(word))
            {
                output.Text("  "u8).Text(name.Text);
            }
        }

        output.Newline();
        return true;
    }

    private static ShortText Name<TView, THost, TSink>(ref TView view, bool command, int index)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        command ? new ShortText(CommandTable<TView, THost, TSink>.Row(index).Name) : view.Guest(index).Name;
}
