using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;

namespace Rvirt.Tool.Blobs;

/// <summary>Runs dtc (Debian package device-tree-compiler).</summary>
public static class DeviceTreeCompiler
{
    /// <summary>Compiles a source file to a blob; the blob appears whole or not at all.</summary>
    /// <exception cref="InvalidOperationException">dtc is missing or refuses the source; the message carries its words.</exception>
    public static void Compile(string source, string blob)
    {
        var unfinished = blob + ".new";
        var start = new ProcessStartInfo("dtc")
        {
            RedirectStandardError = true,
            ArgumentList = { "-q", "-I", "dts", "-O", "dtb", "-o", unfinished, source },
        };
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException("dtc did not start");
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"dtc refuses {source}:\n{errors.TrimEnd()}");
            }
        }
        catch (Win32Exception)
        {
            throw new InvalidOperationException("dtc is missing: install the package device-tree-compiler, or run make setup");
        }

        File.Move(unfinished, blob, overwrite: true);
    }
}
