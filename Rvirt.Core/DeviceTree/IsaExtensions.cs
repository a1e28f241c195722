using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>
/// A set of ISA extensions, as a hart's node in a device tree names them: those that a guest may have too, and H, which the hypervisor has
/// to know of. It forgets all others.
/// </summary>
public readonly struct IsaExtensions
{
    private readonly ulong _bits;

    private IsaExtensions(ulong bits) => _bits = bits;

    // In the order in which an ISA string has them; at most 64.
    private static ReadOnlySpan<byte> Names =>
        "i|m|a|f|d|c|b|v|h|zicbop|zicntr|zicond|zicsr|zifencei|zihintntl|zihintpause|zimop|zmmul|zaamo|zabha|zacas|zalrsc|zfa|zfbfmin|zfh|zfhmin|zca|zcd|zcf|zcmop|zba|zbb|zbc|zbkb|zbkc|zbkx|zbs|zknd|zkne|zknh|zksed|zksh|zkt|zvbb|zvbc|zvfh|zvfhmin|zvkb|zvkg|zvkned|zvknha|zvknhb|zvksed|zvksh|zvkt"u8;

    /// <summary>Whether it is known what there is: a hart has I at least.</summary>
    internal bool IsKnown => Has("i"u8);

    /// <summary>What two harts both have.</summary>
    public static IsaExtensions operator &(IsaExtensions one, IsaExtensions other) => new(one._bits & other._bits);

    /// <summary>All of them but one.</summary>
    /// <param name="extension">A letter or a name, in lower case.</param>
    public IsaExtensions Without(ReadOnlySpan<byte> extension) => new(_bits & ~Bit(extension));

    /// <summary>Reads an ISA string (<c>riscv,isa</c>).</summary>
    /// <remarks>
    /// When this property was introduced the counters and the instructions of Zicsr and Zifencei were part of I, and so they are where it
    /// names I (Linux, <c>Documentation/devicetree/bindings/riscv/extensions.yaml</c>).
    /// </remarks>
    /// <returns>Nothing where it is not the string of a 64-bit hart.</returns>
    internal static IsaExtensions OfText(ReadOnlySpan<byte> isa)
    {
        var bits = 0UL;
        var letters = GuestIsa.Letters(isa);
        for (var i = 0; i < letters.Length; i++)
        {
            bits |= letters[i] == (byte)'g' ? OfLetters("imafd"u8) : Bit(letters.Slice(i, 1));
        }

        if ((bits & Bit("i"u8)) == 0)
        {
            return default;
        }

        bits |= Bit("zicntr"u8) | Bit("zicsr"u8) | Bit("zifencei"u8);
        var rest = isa[GuestIsa.LettersEnd(isa)..];
        while (TryNext(ref rest, (byte)'_', out var name))
        {
            bits |= Bit(name);
        }

        return new IsaExtensions(bits);
    }

    /// <summary>Reads a list of names, each with a NUL (<c>riscv,isa-extensions</c>): there is what it names and nothing else.</summary>
    internal static IsaExtensions OfList(ReadOnlySpan<byte> list)
    {
        var bits = 0UL;
        while (TryNext(ref list, 0, out var name))
        {
            bits |= Bit(name);
        }

        return new IsaExtensions(bits);
    }

    /// <summary>Whether an extension is among them.</summary>
    /// <param name="extension">A letter or a name, in lower case.</param>
    public bool Has(ReadOnlySpan<byte> extension) => (_bits & Bit(extension)) != 0;

    /// <summary>Gives the next name, in the order in which an ISA string has them.</summary>
    /// <param name="position">Where to look, 0 at first; moved behind the name.</param>
    /// <param name="name">The name.</param>
    /// <returns>False at the end.</returns>
    internal bool TryNext(ref int position, out ReadOnlySpan<byte> name)
    {
        var rest = Names;
        for (var index = 0; TryNext(ref rest, (byte)'|', out name); index++)
        {
            if (index >= position && ((_bits >> index) & 1) != 0)
            {
                position = index + 1;
                return true;
            }
        }

        return false;
    }

    private static ulong OfLetters(ReadOnlySpan<byte> letters)
    {
        var bits = 0UL;
        for (var i = 0; i < letters.Length; i++)
        {
            bits |= Bit(letters.Slice(i, 1));
        }

        return bits;
    }

    // The bit of a name; none where it is not in the table.
    private static ulong Bit(ReadOnlySpan<byte> name)
    {
        var rest = Names;
        for (var index = 0; TryNext(ref rest, (byte)'|', out var candidate); index++)
        {
            if (candidate.SequenceEqual(name))
            {
                return 1UL << index;
            }
        }

        return 0;
    }

    // Takes a name off the front of a list. Empty names, between two separators or before the first, are names of nothing.
    private static bool TryNext(scoped ref ReadOnlySpan<byte> rest, byte separator, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (rest.Length == 0)
        {
            return false;
        }

        var end = rest.IndexOf(separator);
        name = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return true;
    }
}
