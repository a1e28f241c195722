using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace Rvirt.Tool.Files;

/// <summary>Other programs, started without a shell.</summary>
public static class Programs
{
    private const int SigPipe = 13;

    /// <summary>
    /// Becomes another program: same process, same terminal. Its exit status and every signal are its own, and none of it outlives us.
    /// </summary>
    /// <exception cref="IOException">It cannot be started; nothing else returns.</exception>
    public static int Become(string program, IEnumerable<string> arguments)
    {
        Console.Out.Flush();
        Console.Error.Flush();

        // The .NET runtime ignores SIGPIPE, and a program inherits what is ignored (POSIX.1-2017, exec).
        _ = signal(SigPipe, 0);
        string?[] words = [program, .. arguments, null];
        _ = execvp(program, words);
        throw new IOException($"cannot start {program}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())} (make setup installs what is needed)");
    }

    /// <summary>Runs a program to its end; what it says goes into the exception when it fails.</summary>
    /// <exception cref="IOException">It failed or is missing.</exception>
    public static void Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new IOException(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? $"{program} failed");
            }
        }
        catch (Win32Exception problem)
        {
            throw new IOException($"cannot start {program}: {problem.Message}");
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int execvp([MarshalAs(UnmanagedType.LPUTF8Str)] string file, [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string?[] arguments);

    [DllImport("libc")]
    private static extern nint signal(int number, nint handler);
}
