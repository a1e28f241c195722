using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>A row of the table of commands.</summary>
// SAFETY: handlers are methods of the image, and nothing here calls them.
internal readonly unsafe ref struct CommandRow<TView, THost, TSink>
    where TView : struct, IMachineView
    where THost : struct, IMmio
    where TSink : struct, IConsoleSink<THost>
{
    /// <summary>Its name.</summary>
    public readonly ReadOnlySpan<byte> Name;

    /// <summary>What may follow it: what is in brackets may be left out.</summary>
    public readonly ReadOnlySpan<byte> Arguments;

    /// <summary>What it does.</summary>
    public readonly ReadOnlySpan<byte> Help;

    /// <summary>What reads its arguments, where that says nothing if they are right: it comes once, and More leads on to the handler. Null where the handler does all.</summary>
    public readonly delegate*<ref TView, ref CommandRun, ConsoleWriter<THost, TSink>, CommandResult> Begin;

    /// <summary>What does it: says one line at each call.</summary>
    public readonly delegate*<ref TView, ref CommandRun, ConsoleWriter<THost, TSink>, CommandResult> Handler;

    public CommandRow(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> arguments, ReadOnlySpan<byte> help,
        delegate*<ref TView, ref CommandRun, ConsoleWriter<THost, TSink>, CommandResult> handler,
        delegate*<ref TView, ref CommandRun, ConsoleWriter<THost, TSink>, CommandResult> begin = null)
    {
        Name = name;
        Arguments = arguments;
        Help = help;
        Handler = handler;
        Begin = begin;
    }

    /// <summary>Whether a number of arguments is one that it takes.</summary>
    public bool Takes(int arguments) => arguments >= Count(onlyRequired: true) && arguments <= Count(onlyRequired: false);

    private int Count(bool onlyRequired)
    {
        var count = 0;
        for (var i = 0; i < Arguments.Length; i++)
        {
            if ((i == 0 || Arguments[i - 1] == (byte)' ') && !(onlyRequired && Arguments[i] == (byte)'['))
            {
                count++;
            }
        }

        return count;
    }
}
