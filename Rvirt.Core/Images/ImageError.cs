namespace Rvirt.Core.Images;

/// <summary>Why a file cannot be a guest's kernel.</summary>
public enum ImageError : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>There are no bytes.</summary>
    Empty,

    /// <summary>It is shorter than any kernel.</summary>
    TooSmall,

    /// <summary>It is text.</summary>
    Text,

    /// <summary>It is compressed.</summary>
    Compressed,

    /// <summary>It is an archive: an initramfs, perhaps.</summary>
    Archive,

    /// <summary>It is a kernel or program for another machine than riscv64.</summary>
    ForeignMachine,

    /// <summary>It is neither an ELF nor a Linux Image, and does not start with RISC-V instructions.</summary>
    NotCode,

    /// <summary>A flat binary is larger than the guest's RAM behind the place where it goes.</summary>
    FlatTooLarge,

    /// <summary>An ELF ends within its header.</summary>
    ElfHeaderTruncated,

    /// <summary>An ELF is not of 64 bits.</summary>
    ElfWrongClass,

    /// <summary>An ELF is not little-endian.</summary>
    ElfWrongEndianness,

    /// <summary>An ELF's version is not 1.</summary>
    ElfWrongVersion,

    /// <summary>An ELF is neither an executable nor position-independent.</summary>
    ElfWrongType,

    /// <summary>An ELF's program headers are missing, too many, of the wrong size or outside of the file.</summary>
    ElfWrongProgramHeaders,

    /// <summary>An ELF names an interpreter: it is a program for an operating system.</summary>
    ElfNeedsInterpreter,

    /// <summary>A segment of an ELF lies outside of the file.</summary>
    ElfSegmentTruncated,

    /// <summary>A segment of an ELF has more bytes in the file than in memory, or an alignment that is no power of two.</summary>
    ElfWrongSegment,

    /// <summary>A segment of an ELF lies outside of the guest's RAM.</summary>
    ElfSegmentOutside,

    /// <summary>Two segments of an ELF overlap in memory.</summary>
    ElfSegmentsOverlap,

    /// <summary>An ELF has nothing to load.</summary>
    ElfNothingToLoad,

    /// <summary>An ELF's entry point is not in what is loaded, or odd.</summary>
    ElfWrongEntry,

    /// <summary>A Linux Image is big-endian.</summary>
    LinuxBigEndian,

    /// <summary>A Linux Image's text offset is not a multiple of 4 KiB.</summary>
    LinuxWrongTextOffset,

    /// <summary>A Linux Image and the memory it claims do not fit the guest's RAM.</summary>
    LinuxTooLarge,

    /// <summary>The guest's RAM has no room for the initial RAM disk and the device tree beside the kernel.</summary>
    NoRoom,
}
