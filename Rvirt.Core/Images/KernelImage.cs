using System;
using Rvirt.Core.Memory;

namespace Rvirt.Core.Images;

/// <summary>A guest's kernel: a file that <see cref="Check"/> has found sound for a guest's RAM, and where it goes.</summary>
public readonly unsafe struct KernelImage
{
    /// <summary>Offset in RAM at which a payload that names no place of its own is loaded.</summary>
    public const ulong PayloadOffset = 0x200000;

    private const int MinimumLength = 16;

    private readonly byte* _file;
    private readonly ulong _length;

    internal KernelImage(byte* file, ulong length, ImageKind kind, ulong entry, ulong start, ulong end)
    {
        _file = file;
        _length = length;
        Kind = kind;
        Entry = entry;
        Start = start;
        End = end;
    }

    /// <summary>The file's form.</summary>
    public readonly ImageKind Kind;

    /// <summary>Guest physical address of the first instruction.</summary>
    public readonly ulong Entry;

    /// <summary>Guest physical address of the first byte that belongs to the kernel.</summary>
    public readonly ulong Start;

    /// <summary>Guest physical address behind the last byte that belongs to the kernel, its zeroed memory included.</summary>
    public readonly ulong End;

    /// <summary>Finds out what a file is and whether it can be loaded. Touches nothing but the file.</summary>
    /// <param name="file">The file's first byte.</param>
    /// <param name="length">The file's size in bytes.</param>
    /// <param name="ramBase">Guest physical address of the guest's RAM.</param>
    /// <param name="ramLength">Bytes of the guest's RAM.</param>
    /// <param name="image">What was found; useless unless the result is <see cref="ImageError.None"/>.</param>
    public static ImageError Check(byte* file, ulong length, ulong ramBase, ulong ramLength, out KernelImage image)
    {
        image = default;
        if (length == 0)
        {
            return ImageError.Empty;
        }

        // SAFETY: the caller vouches for length bytes; the window is no more than that.
        var head = new ReadOnlySpan<byte>(file, (int)Math.Min(length, 4096));
        if (head.StartsWith(ElfFile.Magic))
        {
            return ElfFile.Check(file, length, ramBase, ramLength, out image);
        }

        if (LinuxImage.HasMagic(head))
        {
            return LinuxImage.Check(file, length, ramBase, ramLength, out image);
        }

        var error = ForeignFile.Recognise(head);
        if (error != ImageError.None)
        {
            return error;
        }

        if (length < MinimumLength)
        {
            return ImageError.TooSmall;
        }

        if (!FlatBinary.LooksLikeCode(file, length))
        {
            return ImageError.NotCode;
        }

        if (ramLength < PayloadOffset || length > ramLength - PayloadOffset)
        {
            return ImageError.FlatTooLarge;
        }

        var start = ramBase + PayloadOffset;
        image = new KernelImage(file, length, ImageKind.Flat, start, start, start + length);
        return ImageError.None;
    }

    /// <summary>Copies the kernel to the guest's RAM and zeroes what it wants zeroed. May be repeated, to restart the guest.</summary>
    /// <returns>False where the RAM is not the one that the kernel was checked for; nothing outside of it is ever written.</returns>
    public bool Load(in GuestMemory memory)
    {
        if (Kind == ImageKind.Elf)
        {
            return ElfFile.Load(_file, _length, memory);
        }

        return Blocks.TryCopy(memory, Start, _file, _length) && Blocks.TryClear(memory, Start + _length, End - Start - _length);
    }
}
