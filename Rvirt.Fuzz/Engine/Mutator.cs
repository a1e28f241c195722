using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Rvirt.Fuzz.Engine;

/// <summary>Makes inputs of other inputs: bits, bytes and numbers changed, pieces moved, doubled, dropped, and taken from elsewhere.</summary>
internal sealed class Mutator(Random random, int maximumLength, IReadOnlyList<byte[]> dictionary)
{
    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4095, 4096, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000,
        0xffff_fff8, 0xffff_fffc, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, ulong.MaxValue - 7, ulong.MaxValue,
    ];

    /// <summary>A new input from one of a corpus.</summary>
    public byte[] Mutate(IReadOnlyList<byte[]> corpus)
    {
        var bytes = new List<byte>(corpus[random.Next(corpus.Count)]);
        for (var changes = 1 << random.Next(5); changes > 0; changes--)
        {
            Change(bytes, corpus);
        }

        if (bytes.Count > maximumLength)
        {
            bytes.RemoveRange(maximumLength, bytes.Count - maximumLength);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> corpus)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)random.Next(256));
            return;
        }

        var at = random.Next(bytes.Count);
        switch (random.Next(11))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2 or 3 or 4:
                Number(bytes, at);
                break;
            case 5:
                bytes.RemoveRange(at, Math.Min(1 + random.Next(16), bytes.Count - at));
                break;
            case 6:
                bytes.InsertRange(at, new byte[1 + random.Next(16)]);
                break;
            case 7:
                Copy(bytes, at, bytes.ToArray());
                break;
            case 8:
                Copy(bytes, at, corpus[random.Next(corpus.Count)]);
                break;
            case 9 when dictionary.Count != 0:
                Overwrite(bytes, at, dictionary[random.Next(dictionary.Count)], random.Next(2) == 0);
                break;
            default:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }

    // A number of some width and byte order becomes one that tends to be wrong, or moves a little.
    private void Number(List<byte> bytes, int at)
    {
        var size = 1 << random.Next(4);
        at = at / size * size;
        if (at + size > bytes.Count)
        {
            return;
        }

        Span<byte> window = stackalloc byte[8];
        window.Clear();
        for (var i = 0; i < size; i++)
        {
            window[i] = bytes[at + i];
        }

        var big = random.Next(2) == 0;
        var value = random.Next(3) == 0
            ? Interesting[random.Next(Interesting.Length)]
            : BinaryPrimitives.ReadUInt64LittleEndian(window) + (ulong)(random.Next(17) - 8);
        if (big)
        {
            var old = BinaryPrimitives.ReadUInt64BigEndian(window) >> (64 - (8 * size));
            value = random.Next(3) == 0 ? value : old + (ulong)(random.Next(17) - 8);
            BinaryPrimitives.WriteUInt64BigEndian(window, value << (64 - (8 * size)));
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(window, value);
        }

        for (var i = 0; i < size; i++)
        {
            bytes[at + i] = window[i];
        }
    }

    private void Copy(List<byte> bytes, int at, byte[] from)
    {
        if (from.Length != 0)
        {
            var start = random.Next(from.Length);
            var length = Math.Min(1 + random.Next(64), from.Length - start);
            Overwrite(bytes, at, from.AsSpan(start, length), random.Next(2) == 0);
        }
    }

    private static void Overwrite(List<byte> bytes, int at, ReadOnlySpan<byte> piece, bool insert)
    {
        if (insert)
        {
            bytes.InsertRange(at, piece);
            return;
        }

        for (var i = 0; i < piece.Length && at + i < bytes.Count; i++)
        {
            bytes[at + i] = piece[i];
        }
    }
}
