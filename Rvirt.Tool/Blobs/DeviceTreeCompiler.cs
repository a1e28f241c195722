using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Tasks;
using Rvirt.Tool.Files;

namespace Rvirt.Tool.Blobs;

/// <summary>Runs dtc (Debian package device-tree-compiler).</summary>
public static class DeviceTreeCompiler
{
    /// <summary>Compiles a source file to a blob; the blob appears whole or not at all.</summary>
    /// <exception cref="InvalidOperationException">dtc is missing or refuses the source; the message carries its words.</exception>
    public static void Compile(string source, string blob) => WholeFile.OnDisk.Make(blob, unfinished =>
    {
        Compile(source, null, unfinished);
        return true;
    });

    /// <summary>Compiles source text, or a source file where there is none, to a file that is this program's alone.</summary>
    internal static void Compile(string source, string? text, string blob)
    {
        var start = new ProcessStartInfo("dtc")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-q", "-I", "dts", "-O", "dtb", "-o", "-", text is null ? source : "-" },
        };
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException("dtc did not start");
            var errors = process.StandardError.ReadToEndAsync();
            var writing = Task.Run(() =>
            {
                using var input = process.StandardInput;
                input.Write(text);
            });
            try
            {
                // Its own write to a full disk can go unnoticed: it does not look at what fclose says.
                WholeFile.OnDisk.Fill(blob, process.StandardOutput.BaseStream);
            }
            catch
            {
                process.Kill();
                throw;
            }

            process.WaitForExit();
            writing.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"dtc refuses {source}:\n{errors.Result.TrimEnd()}");
            }
        }
        catch (Win32Exception)
        {
            throw new InvalidOperationException("dtc is missing: install the package device-tree-compiler, or run make setup");
        }
    }
}
