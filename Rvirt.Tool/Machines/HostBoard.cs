using Rvirt.Tool.Settings;

namespace Rvirt.Tool.Machines;

/// <summary>A board that Rvirt has images for, as QEMU has it.</summary>
/// <param name="Machine">QEMU's name of it.</param>
/// <param name="Image">What its images are called.</param>
/// <param name="HasVirtio">Whether each guest is given virtio devices of its; else all share its network card, and its SD card by partitions.</param>
/// <param name="IdleHarts">Harts that run no guest.</param>
public sealed record HostBoard(string Machine, string Image, bool HasVirtio, int IdleHarts)
{
    /// <summary>The setting that names it.</summary>
    public const string Setting = "BOARD";

    /// <summary>QEMU's own board.</summary>
    public static HostBoard Virt { get; } = new("virt", "rvirt-qemu", HasVirtio: true, IdleHarts: 0);

    /// <summary>SiFive's HiFive Unleashed: its first hart has no S-mode.</summary>
    public static HostBoard Unleashed { get; } = new("sifive_u", "rvirt-unleashed", HasVirtio: false, IdleHarts: 1);

    /// <summary>The boards whose images are asked for, by the words of the setting; none for all.</summary>
    public static string? ReadImages(Setting settings) => settings.Text(Setting) is null ? null : settings.Choice(Setting, "virt", "unleashed", "generic");

    /// <summary>The one that is asked for.</summary>
    public static HostBoard Read(Setting settings) => settings.Choice(Setting, "virt", "unleashed") == "virt" ? Virt : Unleashed;
}
