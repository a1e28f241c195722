using System;

namespace Rvirt.Core.Images;

/// <summary>Recognises files that people hand over by mistake, to tell them so.</summary>
internal static class ForeignFile
{
    /// <summary>Most bytes looked at to call a file a text.</summary>
    private const int TextWindow = 256;

    /// <summary>Names what the start of a file gives away, or <see cref="ImageError.None"/>.</summary>
    public static ImageError Recognise(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> gzip = [0x1f, 0x8b];
        ReadOnlySpan<byte> xz = [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];
        ReadOnlySpan<byte> zstd = [0x28, 0xb5, 0x2f, 0xfd];
        ReadOnlySpan<byte> lz4 = [0x02, 0x21, 0x4c, 0x18];
        if (head.StartsWith(gzip) || head.StartsWith(xz) || head.StartsWith(zstd) || head.StartsWith(lz4) || head.StartsWith("BZh"u8) || At(head, 4, "zimg"u8))
        {
            return ImageError.Compressed;
        }

        if (head.StartsWith("070701"u8) || head.StartsWith("070702"u8) || head.StartsWith("!<arch>\n"u8) || At(head, 257, "ustar"u8))
        {
            return ImageError.Archive;
        }

        if (At(head, 0x38, "ARM\x64"u8) || At(head, 0x202, "HdrS"u8))
        {
            return ImageError.ForeignMachine;
        }

        return IsText(head[..Math.Min(head.Length, TextWindow)]) ? ImageError.Text : ImageError.None;
    }

    private static bool At(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> magic) =>
        head.Length >= offset + magic.Length && head.Slice(offset, magic.Length).SequenceEqual(magic);

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (value is (< 0x20 or >= 0x7f) and not ((byte)'\t' or (byte)'\n' or (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }
}
