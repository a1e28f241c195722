using System;
using System.Buffers.Binary;

namespace Rvirt.Core.Images;

/// <summary>The flat Image of a Linux kernel: 64 bytes of header, the first eight of them code (Linux, Documentation/arch/riscv/boot-image-header.rst).</summary>
internal static unsafe class LinuxImage
{
    private const int HeaderLength = 64;
    private const int TextOffset = 8;
    private const int ImageSize = 16;
    private const int Flags = 24;
    private const int Magic2 = 56;
    private const ulong BigEndian = 1;

    public static bool HasMagic(ReadOnlySpan<byte> head) => head.Length >= HeaderLength && head.Slice(Magic2, 4).SequenceEqual("RSC\x05"u8);

    public static ImageError Check(byte* file, ulong length, ulong ramBase, ulong ramLength, out KernelImage image)
    {
        image = default;

        // SAFETY: the caller has seen the header with its magic.
        var header = new ReadOnlySpan<byte>(file, HeaderLength);
        if ((BinaryPrimitives.ReadUInt64LittleEndian(header[Flags..]) & BigEndian) != 0)
        {
            return ImageError.LinuxBigEndian;
        }

        var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[TextOffset..]);
        if ((offset & 0xfff) != 0)
        {
            return ImageError.LinuxWrongTextOffset;
        }

        // The size counts memory behind the file that the kernel zeroes itself. Kernels before 5.4 give none.
        var size = Math.Max(BinaryPrimitives.ReadUInt64LittleEndian(header[ImageSize..]), length);
        if (offset > ramLength || size > ramLength - offset)
        {
            return ImageError.LinuxTooLarge;
        }

        var start = ramBase + offset;
        image = new KernelImage(file, length, ImageKind.LinuxImage, start, start, start + size);
        return ImageError.None;
    }
}
