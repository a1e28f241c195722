using System.Globalization;
using System.IO;
using Rvirt.Tool.Files;

namespace Rvirt.Tool.Terminals;

/// <summary>The lines and sockets of this machine.</summary>
/// <param name="programs">Where stty(1) is, which sets a terminal line's speed.</param>
public sealed class Lines(IPrograms programs) : ILines
{
    /// <summary>Those of this machine.</summary>
    public static Lines Real { get; } = new(new Programs());

    /// <inheritdoc/>
    public Stream Open(string path, int speed)
    {
        if (!Path.Exists(path))
        {
            throw new IOException($"{path} is missing: name a serial line, or the socket of QEMU's -serial unix:PATH,server=on");
        }

        if (UnixSockets.TryConnect(path) is { } socket)
        {
            return socket;
        }

        programs.Run("stty", "-F", path, speed.ToString(CultureInfo.InvariantCulture), "raw", "-echo", "clocal");
        return new TerminalStream(path);
    }

    /// <inheritdoc/>
    public Stream? Join(string socket) => UnixSockets.TryConnect(socket);
}
