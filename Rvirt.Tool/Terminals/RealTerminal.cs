using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Rvirt.Tool.Terminals;

/// <summary>Standard input and output.</summary>
public sealed class RealTerminal : ITerminal
{
    private const int StandardInput = 0;
    private const int StandardOutput = 1;
    private const int Now = 0;

    // The C library's struct termios has 60 bytes on the machines that .NET runs on; its second word is c_oflag, whose lowest bit is OPOST.
    private const int TermiosSize = 256;
    private const int OutputFlags = 4;
    private const byte ProcessOutput = 1;

    /// <inheritdoc/>
    /// <remarks>Not the console's own: of a terminal that one reads whole lines, which it edits, and sets the terminal for that.</remarks>
    public Stream Input { get; } = new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    /// <inheritdoc/>
    public Stream Output { get; } = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    /// <inheritdoc/>
    /// <remarks>POSIX.1-2017, tcsetattr; termios(3), cfmakeraw.</remarks>
    public IDisposable MakeRaw()
    {
        var before = new byte[TermiosSize];
        if (tcgetattr(StandardInput, before) != 0)
        {
            return new Restoring(null);
        }

        var raw = (byte[])before.Clone();
        cfmakeraw(raw);
        // Messages of other programs at this terminal have no carriage returns of their own.
        raw[OutputFlags] |= (byte)(before[OutputFlags] & ProcessOutput);
        return new Restoring(tcsetattr(StandardInput, Now, raw) == 0 ? before : null);
    }

    [DllImport("libc")]
    private static extern int tcgetattr(int file, byte[] termios);

    [DllImport("libc")]
    private static extern int tcsetattr(int file, int when, byte[] termios);

    [DllImport("libc")]
    private static extern void cfmakeraw(byte[] termios);

    private sealed class Restoring(byte[]? before) : IDisposable
    {
        public void Dispose()
        {
            if (before is not null)
            {
                _ = tcsetattr(StandardInput, Now, before);
            }
        }
    }
}
