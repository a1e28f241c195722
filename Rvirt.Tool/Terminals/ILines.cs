using System.IO;

namespace Rvirt.Tool.Terminals;

/// <summary>Serial lines of machines, and the sockets at which they are shared.</summary>
public interface ILines
{
    /// <summary>Opens a serial line: a socket, as QEMU's <c>-serial unix:PATH,server=on</c> makes one, or a terminal line of this machine.</summary>
    /// <exception cref="IOException">There is none, or it cannot be opened.</exception>
    Stream Open(string path, int speed);

    /// <summary>Joins those who share a line.</summary>
    /// <returns>Null where nobody does.</returns>
    Stream? Join(string socket);
}
