using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>UNIX sockets that programs of a test listen on: unlike a port, nobody else takes such a name.</summary>
internal static class UnixSockets
{
    /// <summary>Waits until a program listens, without connecting: some serve only one peer. A socket's file is there earlier.</summary>
    public static void AwaitListener(string path, Process program) => Patience.Until(
        () =>
        {
            if (Listens(path))
            {
                return true;
            }

            return program.HasExited ? throw new AssertionException($"{program.StartInfo.FileName} ended before it listened on {path}") : false;
        },
        $"a listener on {path}");

    // Flags in the fourth column, __SO_ACCEPTCON; the path in the eighth.
    private static bool Listens(string path) => File.ReadLines("/proc/net/unix")
        .Select(line => line.Split(' ', 8, StringSplitOptions.RemoveEmptyEntries))
        .Any(fields => fields.Length == 8 && fields[7] == path && fields[3] == "00010000");
}
