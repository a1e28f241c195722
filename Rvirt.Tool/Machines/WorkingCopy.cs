using System;
using System.IO;

namespace Rvirt.Tool.Machines;

/// <summary>Where the working copy keeps what it built.</summary>
/// <param name="Top">Its top folder.</param>
/// <param name="Guest">The Debian guest.</param>
public sealed record WorkingCopy(string Top, string Guest)
{
    /// <summary>How all of it is built.</summary>
    public const string Configuration = "Release";

    /// <summary>Rvirt's image, where it is not the one that was built here.</summary>
    public string? OwnImage { get; init; }

    /// <summary>The one that this program was built in. RVIRT_GUEST_OUT names another place for the guest.</summary>
    /// <exception cref="IOException">There is none: the program was installed.</exception>
    public static WorkingCopy Find() => Search() ?? throw new IOException("this command works in a clone of Rvirt only: no rvirt.sln above it");

    /// <summary>The same, or the folder in which one works where there is none: what is not there is missed when it is needed.</summary>
    public static WorkingCopy FindOrNone() => Search() ?? new WorkingCopy(Environment.CurrentDirectory, Path.Combine(Environment.CurrentDirectory, "artifacts/guest"));

    private static WorkingCopy? Search()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "rvirt.sln")))
            {
                var top = folder.FullName;
                return new WorkingCopy(top, Environment.GetEnvironmentVariable("RVIRT_GUEST_OUT") is { Length: > 0 } other ? other : Path.Combine(top, "artifacts/guest"));
            }
        }

        return null;
    }

    /// <summary>The disk with a whole distribution.</summary>
    public string DistributionDisk => Path.Combine(Top, "artifacts/debian/disk.ext4");

    /// <summary>The folder of copies and blobs of a run.</summary>
    public string Run => Path.Combine(Top, "artifacts/run");

    /// <summary>The folder of what the HiFive Unleashed boots from.</summary>
    public string Card => Path.Combine(Top, "artifacts/unleashed");

    /// <summary>A file of somebody else's firmware.</summary>
    public string OfFirmware(string name) => Path.Combine(Top, "artifacts/firmware", name);

    /// <summary>The hypervisor for a board, above OpenSBI or with its own machine-mode part.</summary>
    public string Image(HostBoard board, bool overFirmware) => OwnImage ?? Path.Combine(Top, "artifacts/images", board.Image + (overFirmware ? "-sbi.elf" : ".elf"));

    /// <summary>A file of the guest. Its keys and its password open the guest of every suite.</summary>
    public string OfGuest(string name) => Path.Combine(Guest, name);

    /// <summary>A file of the guest that is made of a suite of Debian.</summary>
    public string OfGuest(string name, string suite) =>
        suite == Suite.Pinned || Guest != Path.Combine(Top, "artifacts/guest") ? OfGuest(name) : Path.Combine($"{Guest}-{suite}", name);

    /// <summary>A .NET program.</summary>
    /// <param name="project">The folder of its project.</param>
    /// <param name="name">The name of its assembly.</param>
    public string Program(string project, string name) => Path.Combine(Top, project, "bin", Configuration, "net10.0", name + ".dll");

    /// <summary>A file that must be there by now.</summary>
    /// <exception cref="IOException">It is not; the message says what makes it.</exception>
    public static string Need(string path, string command) =>
        File.Exists(path) ? path : throw new IOException($"{path} is missing: run {command}");
}
