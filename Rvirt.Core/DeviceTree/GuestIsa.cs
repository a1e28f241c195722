using System;

namespace Rvirt.Core.DeviceTree;

/// <summary>Makes a guest's ISA string from the host's: what runs without help of the hypervisor stays, what it does not virtualise goes.</summary>
/// <remarks>
/// <see cref="IsaExtensions"/> keeps what works in U-mode on any host that has it and needs no CSR that the guest lacks. Hidden are:
/// H; Zihpm, as guests have no counters beyond <c>instret</c>; V where its registers cannot be kept; Sstc, cache-block operations and anything else governed by CSRs the guest does not have; Q and
/// Zcb, whose loads and stores are not emulated on devices.
/// </remarks>
public static class GuestIsa
{
    /// <summary>A buffer of this many bytes holds any result.</summary>
    public const int MaximumLength = 384;

    /// <summary>Writes the guest's ISA string.</summary>
    /// <param name="host">What the host's harts have.</param>
    /// <param name="vectors">Whether the guest has V, and with it what the host has of the extensions of V.</param>
    /// <param name="svvptc">Whether to promise that a new PTE is seen without a fence in bounded time, which saves the guest fences.</param>
    /// <param name="buffer">Where the string goes; <see cref="MaximumLength"/> bytes are enough.</param>
    /// <returns>The string in the buffer; empty where it is not known what the host has, or the buffer is too small.</returns>
    public static ReadOnlySpan<byte> Derive(IsaExtensions host, bool vectors, bool svvptc, Span<byte> buffer)
    {
        if (!host.IsKnown || buffer.Length < MaximumLength)
        {
            return default;
        }

        "rv64"u8.CopyTo(buffer);
        var at = 4;
        var position = 0;
        while (host.TryNext(ref position, out var name))
        {
            if (!vectors && (name.SequenceEqual("v"u8) || name.StartsWith("zv"u8)))
            {
                continue;
            }

            if (name.Length > 1)
            {
                Append(buffer, ref at, name);
            }
            else if (name[0] != (byte)'h')
            {
                buffer[at++] = name[0];
            }
        }

        if (svvptc)
        {
            Append(buffer, ref at, "svvptc"u8);
        }

        return buffer[..at];
    }

    /// <summary>The single-letter extensions of an ISA string: what follows <c>rv64</c>, up to the first underscore or name of several letters.</summary>
    internal static ReadOnlySpan<byte> Letters(ReadOnlySpan<byte> isa) => isa[Math.Min(4, isa.Length)..LettersEnd(isa)];

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
