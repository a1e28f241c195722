using System;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A virtio entropy source (Virtio 1.2 §5.4) whose bytes follow from a seed, so that runs repeat.</summary>
/// <param name="seed">What its bytes follow from.</param>
/// <param name="legacy">Version 1 registers, without VERSION_1.</param>
public sealed class VirtioEntropy(int seed = 1, bool legacy = false) : VirtioMmio(4, 1, legacy: legacy)
{
    private readonly Random _random = new(seed);

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> Configuration => default;

    /// <inheritdoc/>
    protected override bool TryServe(int queue, VirtioChain chain, out uint written)
    {
        var bytes = new byte[chain.WritableLength];
        _random.NextBytes(bytes);
        written = (uint)chain.Write(0, bytes);
        return true;
    }
}
