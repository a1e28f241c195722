using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;

namespace Rvirt.Tests.SystemTests;

/// <summary>What QEMU's filter-dump saw of a network: a file of the format that packet captures have had since libpcap 0.4.</summary>
internal static class WireCapture
{
    private const int HeaderBytes = 24, RecordBytes = 16, LengthAt = 8;

    /// <summary>The frames, in order. What QEMU has not written to its end yet is left out.</summary>
    public static List<byte[]> Frames(string file)
    {
        var bytes = File.ReadAllBytes(file);
        var frames = new List<byte[]>();
        for (var at = HeaderBytes; at + RecordBytes <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + LengthAt));
            at += RecordBytes;
            if (at + length > bytes.Length)
            {
                break;
            }

            frames.Add(bytes[at..(at + length)]);
            at += length;
        }

        return frames;
    }

    /// <summary>The address that a frame is for.</summary>
    public static string To(byte[] frame) => Address(frame, 0);

    /// <summary>The address that a frame is from.</summary>
    public static string From(byte[] frame) => Address(frame, 6);

    private static string Address(byte[] frame, int at) => BitConverter.ToString(frame, at, 6).Replace('-', ':').ToLowerInvariant();
}
