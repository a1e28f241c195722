using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
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
    /// <param name="source">The source file, or what the text is called.</param>
    /// <param name="text">The text.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="list">Where dtc shall list what it reads, for <see cref="Inputs"/>.</param>
    internal static void Compile(string source, string? text, string blob, string? list = null)
    {
        string[] listing = list is null ? [] : ["-d", list];
        var start = new ProcessStartInfo("dtc", ["-q", "-I", "dts", "-O", "dtb", "-o", "-", .. listing, text is null ? source : "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
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

    /// <summary>The files in dtc's list of what it read: a rule of make, <c>-: /a/guests.dts /a/Image</c>.</summary>
    /// <remarks>
    /// Spaces divide the names. Those in a name have a backslash before them, or in older versions nothing. So a name begins with a slash behind a space,
    /// as all do where the source's does, and ends where there is such a file.
    /// </remarks>
    /// <exception cref="IOException">The list has no end.</exception>
    public static IEnumerable<string> Inputs(string list)
    {
        if (!list.EndsWith('\n'))
        {
            throw new IOException("dtc could not list what it read");
        }

        var name = "";
        foreach (var part in list[..^1].Replace("\\ ", " ", StringComparison.Ordinal).Split(" /").Skip(1))
        {
            name += $"{(name.Length == 0 ? "" : " ")}/{part}";
            if (File.Exists(name))
            {
                yield return name;
                name = "";
            }
        }
    }
}
