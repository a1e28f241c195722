using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Rvirt.Aot.Diagnostics;

namespace Rvirt.Aot.Linking;

/// <summary>Runs clang and lld; what they complain about becomes an error of ours.</summary>
public sealed class ToolRunner(DiagnosticBag diagnostics)
{
    /// <summary>Where tools put their temporary files; null for where they like.</summary>
    public string? TemporaryDirectory { get; set; }

    /// <summary>Runs a tool; false when it failed.</summary>
    public bool Run(string tool, IEnumerable<string> arguments) => Capture(tool, arguments) is not null;

    /// <summary>Runs a tool and returns its output; null when it failed.</summary>
    public string? Capture(string tool, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (TemporaryDirectory is not null)
        {
            start.Environment["TMPDIR"] = TemporaryDirectory;
        }
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == 0)
            {
                return output;
            }
            var text = string.Join(" | ", (errors.Result + output).Split('\n').Where(line => line.Length > 0).Take(20));
            diagnostics.Add(DiagnosticCode.ToolFailed, $"{tool} failed: {text}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            diagnostics.Add(DiagnosticCode.ToolFailed, $"{tool} cannot be started ({e.Message}); install clang-19, lld-19 and llvm-19");
        }
        return null;
    }
}
