using System;

namespace Rvirt.Hypervisor.Boards;

/// <summary>The board that an image finds itself on: what its <see cref="IPlatform"/> says, without its type.</summary>
public ref struct Board
{
    /// <summary>Its name, for messages.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>Its number in the list of the image's boards.</summary>
    public int Index;

    /// <summary>What is wrong with its harts.</summary>
    public BoardQuirks Quirks;

    private ReadOnlySpan<byte> _moreMemory;
    private ReadOnlySpan<byte> _moreHarts;
    private ReadOnlySpan<byte> _kernel;
    private ReadOnlySpan<byte> _plic;

    /// <summary>Takes down what a board says.</summary>
    public static Board Of<TPlatform>(TPlatform platform)
        where TPlatform : struct, IPlatform => new()
        {
            Name = platform.Name,
            Quirks = TPlatform.Quirks,
            _moreMemory = platform.Advice(Remedy.MoreMemory),
            _moreHarts = platform.Advice(Remedy.MoreHarts),
            _kernel = platform.Advice(Remedy.Kernel),
            _plic = platform.Advice(Remedy.Plic),
        };

    /// <summary>How to do on this board what an error asks for; empty where there is nothing to say.</summary>
    public readonly ReadOnlySpan<byte> Advice(Remedy remedy) => remedy switch
    {
        Remedy.MoreMemory => _moreMemory,
        Remedy.MoreHarts => _moreHarts,
        Remedy.Kernel => _kernel,
        Remedy.Plic => _plic,
        _ => default,
    };
}
