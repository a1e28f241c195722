using System;
using System.CommandLine;
using System.IO;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Commands;

/// <summary>Which machine's line a command is for: options that <c>console</c>, <c>monitor</c> and <c>guests</c> share.</summary>
public sealed class LineChoice
{
    /// <summary>How long the monitor may take for an answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Option<string?> _line = new("--line", "-l")
    {
        Description = "The serial line itself: a terminal line (/dev/ttyUSB0), or the socket of QEMU's -serial unix:PATH,server=on. Without: the line that rvirt run or rvirt console shares.",
    };

    private readonly Option<string?> _socket = new("--socket", "-s")
    {
        Description = "Where rvirt run or rvirt console shares its line, as it says when it starts. Without: the first of this user's.",
    };

    private readonly Option<int> _speed = new("--speed") { Description = "Bits a second of a terminal line.", DefaultValueFactory = _ => 115200 };

    private readonly Option<string> _escape = new("--escape")
    {
        Description = "The console's escape, as rvirt.escape names it on the host's command line.",
        DefaultValueFactory = _ => "^]",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_line);
        command.Options.Add(_socket);
        command.Options.Add(_speed);
        command.Options.Add(_escape);
    }

    /// <summary>What was chosen.</summary>
    public Chosen Of(ParseResult result) =>
        new(result.GetValue(_line), result.GetValue(_socket), result.GetValue(_speed), KeyOf(result.GetValue(_escape)!));

    /// <summary>The byte of a key that is written as ^X.</summary>
    /// <exception cref="FormatException">It is no such key.</exception>
    public static byte KeyOf(string key) => ControlKey.Read(key.ToUpperInvariant()) ?? throw new FormatException($"--escape: '{key}' is no control character such as ^]");

    /// <summary>A line that was chosen.</summary>
    /// <param name="Line">The line itself, or null: the one that is shared.</param>
    /// <param name="Socket">Where it is shared, or null: at the first place that is free, or taken.</param>
    /// <param name="Speed">Bits a second.</param>
    /// <param name="Escape">The console's escape.</param>
    public sealed record Chosen(string? Line, string? Socket, int Speed, byte Escape)
    {
        /// <summary>The way to the monitor behind the line.</summary>
        /// <exception cref="IOException">There is no line.</exception>
        public MonitorLink Open(ILines lines)
        {
            if (Line is null)
            {
                return new MonitorLink(() => Join(lines));
            }

            var stream = lines.Open(Line, Speed);
            return new MonitorLink(new LineHub(stream, stream, Escape, Patience));
        }

        /// <summary>Asks the monitor behind the line one thing.</summary>
        /// <exception cref="IOException">There is no line, or no answer.</exception>
        public MonitorAnswer Ask(ILines lines, string command)
        {
            using var monitor = Open(lines);
            return monitor.Ask(command);
        }

        /// <summary>Joins those who share the line.</summary>
        /// <exception cref="IOException">Nobody does.</exception>
        public Stream Join(ILines lines)
        {
            var socket = Socket ?? SharedSockets.Real.First;
            return lines.Join(socket) ?? throw new IOException($"nobody shares a line at {socket}: rvirt run does, and rvirt console --line PATH; or name the line here");
        }

        /// <summary>Shares a line with others, and says where.</summary>
        /// <exception cref="IOException">Somebody else shares one there.</exception>
        public void Share(LineHub hub, TextWriter messages)
        {
            if (Socket is null)
            {
                SharedSockets.Real.Share(hub, messages);
            }
            else
            {
                hub.Listen(UnixSockets.Listen(Socket) ?? throw new IOException($"somebody shares a line at {Socket} already: name another socket"), Socket);
            }
        }
    }
}
