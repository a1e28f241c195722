using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Rvirt.Tool.Files;
using Rvirt.Tool.Reporting;

namespace Rvirt.Tool.Blobs;

/// <summary>Makes blobs that the hypervisor takes; a file that it would refuse does not appear.</summary>
public static class BlobFile
{
    /// <summary>Packs guests.</summary>
    /// <returns>The exit status; what is wrong has been printed.</returns>
    public static int Pack(IReadOnlyList<GuestSpec> guests, string output)
    {
        foreach (var guest in guests)
        {
            if (guest.MissingFile() is { } missing)
            {
                return Report.Fail($"{guest.Name}: cannot read {missing}");
            }

            if (new[] { guest.Kernel, guest.Initrd, guest.RamDisk }.FirstOrDefault(file => file is not null && Same(file, output)) is { } input)
            {
                return Report.Fail(Overwrites(output, input));
            }
        }

        return Make(output, unfinished =>
        {
            DeviceTreeCompiler.Compile("the guests' description", DeviceTreeSource.Write(guests), unfinished);
            return null;
        });
    }

    /// <summary>Compiles a source file, with whatever it includes.</summary>
    /// <returns>The exit status; what is wrong has been printed.</returns>
    public static int Compile(string source, string output) =>
        !File.Exists(source) ? Report.Fail($"cannot read {source}")
        : Same(source, output) ? Report.Fail($"{output} would overwrite its own source")
        : Make(output, unfinished => CompileTo(unfinished, Path.GetFullPath(source), output));

    // What is compiled gives why it must not become the output.
    private static int Make(string output, Func<string, string?> compile)
    {
        var status = 1;
        WholeFile.OnDisk.Make(output, unfinished =>
        {
            status = compile(unfinished) is { } problem ? Report.Fail(problem) : BlobCheck.Run(new FileInfo(unfinished), quiet: true, Path.GetFileName(output));
            return status == 0;
        });
        return status;
    }

    // Only dtc knows what a source includes. The list is for this alone: the file that it would be never appears.
    private static string? CompileTo(string unfinished, string source, string output)
    {
        string? input = null;
        WholeFile.OnDisk.Make($"{output}.inputs", list =>
        {
            DeviceTreeCompiler.Compile(source, null, unfinished, list);
            input = DeviceTreeCompiler.Inputs(File.ReadAllText(list)).FirstOrDefault(read => Same(read, output));
            return false;
        });
        return input is null ? null : Overwrites(output, input);
    }

    private static string Overwrites(string output, string input) => $"{output} would overwrite {input}, which goes into it";

    private static bool Same(string a, string b) => string.Equals(Real(a), Real(b), StringComparison.Ordinal);

    // The path without links, in whatever folder of it they stand.
    private static string Real(string path)
    {
        var real = "/";
        foreach (var part in Path.Combine(Environment.CurrentDirectory, path).Split('/').Where(part => part is not ("" or ".")))
        {
            real = part == ".." ? Path.GetDirectoryName(real) ?? "/" : Path.Combine(real, part);
            real = Path.Exists(real) && File.ResolveLinkTarget(real, returnFinalTarget: true) is { } target ? Real(target.FullName) : real;
        }

        return real;
    }
}
