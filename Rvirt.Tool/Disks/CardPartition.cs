using System;
using System.IO;

namespace Rvirt.Tool.Disks;

/// <summary>A partition of a card.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Type">What it is for (UEFI 2.10 §5.3.3, the partition type).</param>
/// <param name="Content">The file with what is on it.</param>
public sealed record CardPartition(string Label, Guid Type, string Content)
{
    /// <summary>For a file system of Linux's.</summary>
    public static readonly Guid Linux = new("0fc63daf-8483-4772-8e79-3d69d8477de4");

    /// <summary>Its first sector, of 512 bytes; 0: behind the one before, at a whole MiB.</summary>
    public long Sector { get; init; }

    /// <summary>Bytes of its content.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    public long Bytes => new FileInfo(Content).Length;

    /// <summary>A guest's disk, under the label by which the guest of that number names it.</summary>
    public static CardPartition OfGuest(int guest, string content) => new(LabelOf(guest), Linux, content);

    /// <summary>The label of the disk of a guest.</summary>
    public static string LabelOf(int guest) => FormattableString.Invariant($"rvirt.g{guest}");
}
