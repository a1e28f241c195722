using System;

namespace Rvirt.Core.VirtualHart;

/// <summary>Where the vector state of a virtual hart is stored and loaded (<see cref="Host.IVectors"/>): <c>vstart</c>, <c>vl</c>, <c>vtype</c>, <c>vcsr</c>, and v0 to v31.</summary>
// SAFETY: whoever makes it gives a room of BytesFor that stays for as long as the virtual hart does.
internal unsafe struct VectorArea
{
    /// <summary>Bytes of the longest registers there are (Unprivileged spec, V §2: VLEN of 65536).</summary>
    public const ulong LongestRegister = 8192;

    private const int Controls = 4;

    private const int Type = 2;

    // vill: no vector instruction goes before a vsetvl has chosen a type.
    private const ulong IllegalType = 1UL << 63;

    private readonly int _count;

    /// <summary>Takes a room.</summary>
    /// <param name="words">The room; null for a virtual hart without vectors.</param>
    /// <param name="registerBytes">Bytes of a register.</param>
    public VectorArea(ulong* words, ulong registerBytes)
    {
        Words = words;
        _count = (int)(BytesFor(registerBytes) / sizeof(ulong));
    }

    /// <summary>The room, or null.</summary>
    public readonly ulong* Words;

    /// <summary>Bytes that a room has.</summary>
    /// <param name="registerBytes">Bytes of a register.</param>
    public static ulong BytesFor(ulong registerBytes) => (Controls * sizeof(ulong)) + (32 * registerBytes);

    /// <summary>Puts the state there that another room has, for registers as long.</summary>
    public readonly void Copy(in VectorArea other)
    {
        if (Words != null)
        {
            new Span<ulong>(other.Words, _count).CopyTo(new Span<ulong>(Words, _count));
        }
    }

    /// <summary>Puts the state there that a reset should leave, with registers of zeros (Unprivileged spec, V §3.11).</summary>
    public readonly void Reset()
    {
        if (Words != null)
        {
            new Span<ulong>(Words, _count).Clear();
            Words[Type] = IllegalType;
        }
    }
}
