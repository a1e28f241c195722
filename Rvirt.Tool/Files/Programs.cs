using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace Rvirt.Tool.Files;

/// <summary>The programs of this machine.</summary>
public sealed class Programs : IPrograms
{
    private const int SigPipe = 13;

    /// <inheritdoc/>
    public int Become(string program, IReadOnlyList<string> arguments)
    {
        Console.Out.Flush();
        Console.Error.Flush();

        // The .NET runtime ignores SIGPIPE, and a program inherits what is ignored (POSIX.1-2017, exec).
        var ignored = signal(SigPipe, 0);
        string?[] words = [program, .. arguments, null];
        _ = execvp(program, words);
        var problem = Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
        _ = signal(SigPipe, ignored);
        throw new IOException($"cannot start {program}: {problem} (make setup installs what is needed)");
    }

    /// <inheritdoc/>
    /// <remarks>setpriv(1) has the kernel kill the program once this one is gone.</remarks>
    public IProgram Start(string program, IReadOnlyList<string> arguments)
    {
        if (!IsThere(program))
        {
            throw new IOException($"cannot start {program}: No such file or directory (make setup installs what is needed)");
        }

        try
        {
            return new RunningProgram(Process.Start(new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", program, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!);
        }
        catch (Win32Exception problem)
        {
            throw new IOException($"cannot start setpriv: {problem.Message}");
        }
    }

    /// <inheritdoc/>
    public void Run(string program, params string[] arguments) => Run(null, program, arguments);

    /// <inheritdoc/>
    public void Feed(string input, string program, params string[] arguments) => Run(input, program, arguments);

    private static void Run(string? input, string program, string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = input is not null })!;
            if (input is not null)
            {
                process.StandardInput.Write(input);
                process.StandardInput.Close();
            }

            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new IOException(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? $"{program} failed");
            }
        }
        catch (Win32Exception problem)
        {
            throw new IOException($"cannot start {program}: {problem.Message} (make setup installs what is needed)");
        }
    }

    private static bool IsThere(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    [DllImport("libc", SetLastError = true)]
    private static extern int execvp([MarshalAs(UnmanagedType.LPUTF8Str)] string file, [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string?[] arguments);

    [DllImport("libc")]
    private static extern nint signal(int number, nint handler);
}
