using System;

namespace Rvirt.Reference.Devices.Virtio;

/// <summary>A virtio entropy source (Virtio 1.2 §5.4) whose bytes follow from a seed, so that runs repeat.</summary>
public sealed class VirtioEntropy(int seed = 1, bool legacy = false) : VirtioMmio(4, 1, legacy: legacy)
{
    private readonly Random _random = new(seed);

    protected override ReadOnlySpan<byte> Configuration => default;

    protected override bool TryServe(int queue, VirtioChain chain, out uint written)
    {
        var bytes = new byte[chain.WritableLength];
        _random.NextBytes(bytes);
        written = (uint)chain.Write(0, bytes);
        return true;
    }
}
