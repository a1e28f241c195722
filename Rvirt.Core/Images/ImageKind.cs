namespace Rvirt.Core.Images;

/// <summary>Forms of kernel that can be loaded.</summary>
public enum ImageKind : byte
{
    /// <summary>An ELF executable, loaded at its physical addresses.</summary>
    Elf,

    /// <summary>A flat Linux Image, loaded at RAM base + <c>text_offset</c>.</summary>
    LinuxImage,

    /// <summary>Another flat binary, loaded at RAM base + 2 MiB and entered at its first byte.</summary>
    Flat,
}
