using System;
using System.IO;
using System.Net.Sockets;

namespace Rvirt.Tool.Terminals;

/// <summary>Sockets that are files of this machine.</summary>
public static class UnixSockets
{
    /// <summary>Listens at a path; what a process that is gone has left there is replaced. Nobody but this user comes in.</summary>
    /// <returns>Null where somebody else listens there.</returns>
    /// <exception cref="IOException">The path is too long, or cannot be made.</exception>
    public static Socket? Listen(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        if (Path.Exists(path))
        {
            if (TryConnect(path) is { } taken)
            {
                taken.Dispose();
                return null;
            }

            File.Delete(path);
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(EndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            return socket;
        }
        catch (SocketException problem)
        {
            socket.Dispose();
            return problem.SocketErrorCode == SocketError.AddressAlreadyInUse ? null : throw new IOException($"cannot listen at {path}: {problem.Message}");
        }
    }

    /// <summary>Connects to whoever listens at a path.</summary>
    /// <returns>Null where nobody does.</returns>
    /// <exception cref="IOException">The path is too long.</exception>
    public static Stream? TryConnect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(EndPoint(path));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static UnixDomainSocketEndPoint EndPoint(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException)
        {
            throw new IOException($"{path} is too long for a socket: name a shorter one");
        }
    }
}
