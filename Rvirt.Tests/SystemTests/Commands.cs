using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading.Tasks;

namespace Rvirt.Tests.SystemTests;

/// <summary>Runs a program on this machine to its end. Time limits are those of an idle machine: see <see cref="Patience"/>.</summary>
internal static class Commands
{
    /// <summary>Runs it; the output is standard output and standard error together.</summary>
    public static (int Status, string Output) Run(string program, IReadOnlyList<string> arguments, TimeSpan? limit = null)
    {
        using var output = new MemoryStream();
        var (status, errors) = Pipe(program, arguments, null, output, limit);
        return (status, Encoding.UTF8.GetString(output.ToArray()) + errors);
    }

    /// <summary>Runs it between two streams.</summary>
    /// <exception cref="TimeoutException">It did not end in time and was killed.</exception>
    public static (int Status, string Errors) Pipe(
        string program, IReadOnlyList<string> arguments, Stream? input, Stream output, TimeSpan? limit = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        var writing = Task.Run(() =>
        {
            try
            {
                input?.CopyTo(process.StandardInput.BaseStream);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading everything; its exit status says more.
            }
        });
        if (!process.WaitForExit(Patience.For(limit ?? TimeSpan.FromSeconds(60))))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end in time\n{errors.Result}");
        }

        Task.WaitAll(reading, writing);
        return (process.ExitCode, errors.Result);
    }
}
