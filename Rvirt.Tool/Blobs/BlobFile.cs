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

            if (new[] { guest.Kernel, guest.Initrd }.FirstOrDefault(file => file is not null && Same(file, output)) is { } input)
            {
                return Report.Fail($"{output} would overwrite {input}, which goes into it");
            }
        }

        return Make("the guests' description", DeviceTreeSource.Write(guests), output);
    }

    /// <summary>Compiles a source file.</summary>
    /// <returns>The exit status; what is wrong has been printed.</returns>
    public static int Compile(string source, string output) =>
        !File.Exists(source) ? Report.Fail($"cannot read {source}")
        : Same(source, output) ? Report.Fail($"{output} would overwrite its own source")
        : Make(source, null, output);

    private static int Make(string source, string? text, string output)
    {
        var status = 1;
        WholeFile.OnDisk.Make(output, unfinished =>
        {
            DeviceTreeCompiler.Compile(source, text, unfinished);
            status = BlobCheck.Run(new FileInfo(unfinished), quiet: true, Path.GetFileName(output));
            return status == 0;
        });
        return status;
    }

    private static bool Same(string a, string b) => string.Equals(Real(a), Real(b), StringComparison.Ordinal);

    private static string Real(string path)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        return file.Exists && file.ResolveLinkTarget(returnFinalTarget: true) is { } target ? target.FullName : file.FullName;
    }
}
