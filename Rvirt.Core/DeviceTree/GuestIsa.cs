using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>Makes a guest's ISA string from the host's: what runs without help of the hypervisor stays, what it does not virtualise goes.</summary>
/// <remarks>
/// The list holds what works in U-mode on any host that has it and needs no CSR that the guest lacks. Not on it, and so hidden:
/// H; V, whose state is not switched; Sstc, cache-block operations and anything else governed by CSRs the guest does not have; Q and
/// Zcb, whose loads and stores are not emulated on devices.
/// </remarks>
public static class GuestIsa
{
    /// <summary>A buffer of this many bytes holds any result.</summary>
    public const int MaximumLength = 256;

    private static ReadOnlySpan<byte> KeptLetters => "imafdcb"u8;

    private static ReadOnlySpan<byte> KeptNames =>
        "|zicsr|zifencei|zicntr|zihintpause|zihintntl|zicond|zimop|zcmop|zmmul|zaamo|zalrsc|zabha|zacas|zfa|zfh|zfhmin|zfbfmin|zca|zcd|zcf|zba|zbb|zbc|zbs|zbkb|zbkc|zbkx|zknd|zkne|zknh|zksed|zksh|zkt|"u8;

    /// <summary>Writes the guest's ISA string.</summary>
    /// <param name="hostIsa">The host's <c>riscv,isa</c>.</param>
    /// <param name="svvptc">Whether to promise that a new PTE is seen without a fence in bounded time, which saves the guest fences.</param>
    /// <param name="buffer">Where the string goes; <see cref="MaximumLength"/> bytes are enough.</param>
    /// <returns>The string in the buffer; empty where the host's names no 64-bit base with I, or the buffer is too small.</returns>
    public static ReadOnlySpan<byte> Derive(ReadOnlySpan<byte> hostIsa, bool svvptc, Span<byte> buffer)
    {
        if (!Has(hostIsa, "i"u8) || buffer.Length < MaximumLength)
        {
            return default;
        }

        "rv64"u8.CopyTo(buffer);
        var at = 4;
        for (var i = 0; i < KeptLetters.Length; i++)
        {
            if (Has(hostIsa, KeptLetters.Slice(i, 1)))
            {
                buffer[at++] = KeptLetters[i];
            }
        }

        var rest = hostIsa[LettersEnd(hostIsa)..];
        while (rest.Length > 1)
        {
            rest = rest[1..];
            var underscore = rest.IndexOf((byte)'_');
            var name = underscore < 0 ? rest : rest[..underscore];
            rest = rest[name.Length..];
            if (IsKept(name))
            {
                Append(buffer, ref at, name);
            }
        }

        if (svvptc)
        {
            Append(buffer, ref at, "svvptc"u8);
        }

        return buffer[..at];
    }

    /// <summary>The single-letter extensions of an ISA string: what follows <c>rv64</c>, up to the first underscore or name of several letters.</summary>
    public static ReadOnlySpan<byte> Letters(ReadOnlySpan<byte> isa) => isa[Math.Min(4, isa.Length)..LettersEnd(isa)];

    /// <summary>Whether an ISA string names an extension, by a letter or a name in lower case.</summary>
    public static bool Has(ReadOnlySpan<byte> isa, ReadOnlySpan<byte> extension)
    {
        if (extension.Length == 1)
        {
            var letters = Letters(isa);
            return letters.IndexOf(extension[0]) >= 0
                || (letters.IndexOf((byte)'g') >= 0 && "imafd"u8.IndexOf(extension[0]) >= 0);
        }

        var rest = isa[LettersEnd(isa)..];
        while (rest.Length > 1)
        {
            rest = rest[1..];
            var underscore = rest.IndexOf((byte)'_');
            var name = underscore < 0 ? rest : rest[..underscore];
            if (name.SequenceEqual(extension))
            {
                return true;
            }

            rest = rest[name.Length..];
        }

        return false;
    }

    /// <summary>Where the single-letter extensions of an ISA string end: at its first underscore, at its first letter that only starts names, or at its end.</summary>
    internal static int LettersEnd(ReadOnlySpan<byte> isa)
    {
        if (isa.Length < 4 || !isa[..4].SequenceEqual("rv64"u8))
        {
            return isa.Length < 4 ? isa.Length : 4;
        }

        var end = 4;
        while (end < isa.Length && isa[end] is >= (byte)'a' and <= (byte)'y' and not (byte)'s' and not (byte)'x')
        {
            end++;
        }

        return end;
    }

    private static bool IsKept(ReadOnlySpan<byte> name)
    {
        var at = name.Length == 0 ? -1 : KeptNames.IndexOf(name);
        return at > 0 && KeptNames[at - 1] == (byte)'|' && KeptNames[at + name.Length] == (byte)'|';
    }

    private static void Append(Span<byte> buffer, ref int at, ReadOnlySpan<byte> name)
    {
        if (buffer.Length - at > name.Length)
        {
            buffer[at++] = (byte)'_';
            name.CopyTo(buffer[at..]);
            at += name.Length;
        }
    }
}
