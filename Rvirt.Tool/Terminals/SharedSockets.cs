using System;
using System.Globalization;
using System.IO;

namespace Rvirt.Tool.Terminals;

/// <summary>Where lines are shared unless something else is said.</summary>
/// <param name="folder">A folder of the user's own, which nobody else may look into.</param>
public sealed class SharedSockets(string folder)
{
    private const int Most = 100;

    /// <summary>This user's.</summary>
    public static SharedSockets Real { get; } = new(Path.Combine(
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? own
        : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "rvirt"));

    /// <summary>The first, for those who name none.</summary>
    public string First => PathOf(1);

    /// <summary>Shares a line at the first socket that is free, and says where.</summary>
    /// <exception cref="IOException">None is, or none can be made.</exception>
    public void Share(LineHub hub, TextWriter messages)
    {
        for (var number = 1; number <= Most; number++)
        {
            if (UnixSockets.Listen(PathOf(number)) is { } socket)
            {
                hub.Listen(socket, PathOf(number));
                messages.WriteLine(number == 1
                    ? "console: rvirt console, monitor and guests reach it from elsewhere"
                    : $"console: rvirt console, monitor and guests reach it from elsewhere, with --socket {PathOf(number)}");
                return;
            }
        }

        throw new IOException($"{Most} lines are shared in {folder} already");
    }

    private string PathOf(int number) => Path.Combine(folder, number == 1 ? "console.sock" : string.Create(CultureInfo.InvariantCulture, $"console-{number}.sock"));
}
