using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Core.Seeds;

/// <summary>
/// Seeds for the guests' random number generators (<c>/chosen/rng-seed</c>), all derived from the host's: another one for each guest and
/// each of its starts, of which none tells anything of another, of the host's, or of the key. The key is for the hypervisor's eyes only.
/// </summary>
public struct GuestSeeds
{
    /// <summary>The longest seed, in bytes.</summary>
    public const int MaximumLength = Sha256.Length;

    private KeyBytes _key;
    private int _length;

    /// <summary>Makes the key from the host's seed.</summary>
    /// <param name="tree">The host's device tree.</param>
    /// <param name="erase">Whether to take the seed out of the tree, so that nobody finds it there later; the tree must be in RAM then.</param>
    /// <returns>What gives no seeds where the host has none.</returns>
    public static GuestSeeds Take(in FdtReader tree, bool erase)
    {
        var seeds = default(GuestSeeds);
        if (tree.TryFind("/chosen"u8, out var chosen) && tree.TryProperty(chosen, "rng-seed"u8, out var seed) && seed.Length != 0)
        {
            // A guest takes each byte for eight bits of entropy: there are no more than the host had.
            seeds._length = Math.Min(seed.Length, MaximumLength);
            Sha256.Hash(seed.Bytes, seeds._key);
            if (erase)
            {
                tree.Erase(seed);
            }
        }

        return seeds;
    }

    /// <summary>Derives the seed for a start of a guest.</summary>
    /// <param name="guest">The guest's number.</param>
    /// <param name="start">How often it has started before; never twice the same for one guest.</param>
    /// <param name="buffer">Where the seed goes, <see cref="MaximumLength"/> bytes.</param>
    /// <returns>The seed in the buffer; empty where the host had none.</returns>
    public readonly ReadOnlySpan<byte> Derive(int guest, ulong start, Span<byte> buffer)
    {
        if (_length == 0)
        {
            return default;
        }

        // Each part has a fixed place, so that no two messages are the same.
        var label = "rvirt guest seed"u8;
        Span<byte> message = stackalloc byte[16 + Sha256.Length + 16];
        label.CopyTo(message);
        ReadOnlySpan<byte> key = _key;
        key.CopyTo(message[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(message.Slice(48, 8), (ulong)guest);
        BinaryPrimitives.WriteUInt64LittleEndian(message.Slice(56, 8), start);
        Sha256.Hash(message, buffer);
        return buffer[.._length];
    }

    [InlineArray(Sha256.Length)]
    private struct KeyBytes
    {
        private byte _first;
    }
}
