using System;
using System.Collections.Generic;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Fuzz.Targets;

/// <summary>All targets, by name.</summary>
internal static class FuzzTargets
{
    private static readonly Dictionary<string, Func<IFuzzTarget>> _all = new()
    {
        ["tree"] = () => new TreeTarget(),
        ["kernel"] = () => new KernelTarget(),
        ["blob"] = () => new BlobTarget(),
        ["partitions"] = () => new PartitionTarget(),
        ["virtio"] = () => new VirtioTarget(),
        ["network"] = () => new NetworkTarget(),
        ["card"] = () => new CardTarget(),
        ["gem"] = () => new GemTarget(),
        ["decoder"] = () => new DecoderTarget(),
    };

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => _all.Keys;

    /// <summary>Makes a target.</summary>
    public static IFuzzTarget Get(string name) => _all[name]();
}
