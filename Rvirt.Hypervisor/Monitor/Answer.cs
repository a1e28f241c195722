using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The last line of each answer, by which a script knows that it is whole: <c>rvirt: ok</c> or <c>rvirt: error: TEXT</c>.</summary>
internal static class Answer
{
    /// <summary>All went well.</summary>
    public static void Ok<THost, TSink>(ConsoleWriter<THost, TSink> output)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost> =>
        output.Text("rvirt: ok\n"u8);

    /// <summary>Something is wrong with what was asked.</summary>
    /// <param name="output">Where it is said.</param>
    /// <param name="text">What.</param>
    /// <param name="subject">What it is about, named in front of it.</param>
    public static CommandResult Error<THost, TSink>(ConsoleWriter<THost, TSink> output, ReadOnlySpan<byte> text, ReadOnlySpan<byte> subject = default)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Text("rvirt: error: "u8).Text(subject).Text(text).Newline();
        return CommandResult.Failed;
    }
}
