using System;

namespace Rvirt.Core.Images;

/// <summary>One line of text for each <see cref="ImageError"/>: what is wrong and what to do.</summary>
public static class ImageErrorText
{
    /// <summary>The line, without a full stop.</summary>
    public static ReadOnlySpan<byte> Of(ImageError error) => error switch
    {
        ImageError.None => "no error"u8,
        ImageError.Empty => "the kernel is empty: give an ELF or a flat Image with -initrd"u8,
        ImageError.TooSmall => "the kernel is too short to be one: give an ELF or a flat Image"u8,
        ImageError.Text => "the kernel is a text file: give an ELF or a flat Image"u8,
        ImageError.Compressed => "the kernel is compressed: unpack it first, or give the build's uncompressed Image"u8,
        ImageError.Archive => "the kernel is an archive, perhaps an initramfs: the kernel goes first"u8,
        ImageError.ForeignMachine => "the kernel is for another machine: give one built for riscv64"u8,
        ImageError.NotCode => "the kernel is no ELF, no Linux Image and does not start with RISC-V instructions: give one built for riscv64"u8,
        ImageError.FlatTooLarge => "the flat kernel does not fit the guest's memory: give the guest more"u8,
        ImageError.ElfHeaderTruncated => "the ELF kernel is cut short: its header is not whole; copy or build it again"u8,
        ImageError.ElfWrongClass => "the ELF kernel is not 64-bit: give one built for riscv64"u8,
        ImageError.ElfWrongEndianness => "the ELF kernel is big-endian: give a little-endian one"u8,
        ImageError.ElfWrongVersion => "the ELF kernel has an unknown ELF version: link it again"u8,
        ImageError.ElfWrongType => "the ELF kernel is an object or core file: give a linked executable"u8,
        ImageError.ElfWrongProgramHeaders => "the ELF kernel has no readable program headers: it may be cut short; copy or build it again"u8,
        ImageError.ElfNeedsInterpreter => "the ELF file is a program for an operating system: give a kernel"u8,
        ImageError.ElfSegmentTruncated => "the ELF kernel is cut short: a segment lies behind its end; copy or build it again"u8,
        ImageError.ElfWrongSegment => "the ELF kernel has a segment with impossible sizes: link it again"u8,
        ImageError.ElfSegmentOutside => "the ELF kernel is linked for addresses outside of the guest's memory: link it at 0x80200000, or give more memory"u8,
        ImageError.ElfSegmentsOverlap => "the ELF kernel has segments that overlap in memory: link it again"u8,
        ImageError.ElfNothingToLoad => "the ELF kernel has nothing to load: give one with PT_LOAD segments"u8,
        ImageError.ElfWrongEntry => "the ELF kernel's entry point is outside of what it loads: link it again with the right entry"u8,
        ImageError.LinuxBigEndian => "the Linux Image is big-endian: give a little-endian one"u8,
        ImageError.LinuxWrongTextOffset => "the Linux Image has an impossible text offset: it may be damaged; copy or build it again"u8,
        ImageError.LinuxTooLarge => "the Linux Image does not fit the guest's memory: give the guest more"u8,
        ImageError.NoRoom => "the guest's memory has no room for kernel, initrd and device tree: give the guest more"u8,
        _ => "unknown error"u8,
    };
}
