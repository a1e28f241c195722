using System;

namespace Rvirt.Tests.AotCases.Running;

/// <summary>What a case sees of the outside: numbers to work on that no compiler can foresee, and a place for its results.</summary>
public ref struct Log
{
    private readonly Span<byte> _buffer;
    private readonly ulong _seed;
    private ulong _state;

    public Log(Span<byte> buffer, ulong seed)
    {
        _buffer = buffer;
        _seed = seed;
    }

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Starts the numbers anew: they depend on the seed of the run, the case and the round.</summary>
    public void Restart(ReadOnlySpan<byte> name, int round)
    {
        ulong state = _seed ^ ((ulong)round * 0x9e3779b97f4a7c15);
        foreach (byte b in name)
        {
            state = (state ^ b) * 0x100000001b3;
        }
        _state = state | 1;
    }

    /// <summary>Forgets everything written after <paramref name="length"/>.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Random bits.</summary>
    public ulong Random()
    {
        ulong x = _state;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        _state = x;
        return x * 0x2545f4914f6cdd1d;
    }

    /// <summary>A number that is often a corner: 0, 1, -1, the limits of the integer types and their neighbours, powers of two.</summary>
    public ulong Next()
    {
        ulong bits = Random();
        ulong near = (bits >> 8) & 3;
        return (bits & 15) switch
        {
            0 => near,
            1 => 0 - near,
            2 => 0x8000_0000_0000_0000 + near - 1,
            3 => 0x8000_0000 + near - 1,
            4 => 0x1_0000_0000 + near - 1,
            5 => 0xffff_ffff_8000_0000 + near - 1,
            6 => 0x8000 + near - 1,
            7 => 0x80 + near - 1,
            8 => 0x100 + near - 1,
            9 => 1UL << (int)(bits >> 58),
            10 => bits >> 48,
            _ => Random(),
        };
    }

    public int NextInt() => (int)Next();

    public uint NextUInt() => (uint)Next();

    public long NextLong() => (long)Next();

    public byte NextByte() => (byte)Next();

    /// <summary>A number from 0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => (int)(Random() % (uint)limit);

    public void Add(ulong value)
    {
        Put((byte)' ');
        int digits = 1;
        while (digits < 16 && value >> (digits * 4) != 0)
        {
            digits++;
        }
        for (int i = digits - 1; i >= 0; i--)
        {
            Put("0123456789abcdef"u8[(int)(value >> (i * 4)) & 15]);
        }
    }

    public void Add(long value) => Add((ulong)value);

    public void Add(bool value) => Add(value ? 1UL : 0);

    public void AddWide(UInt128 value)
    {
        Add((ulong)(value >> 64));
        Add((ulong)value);
    }

    public void AddWide(Int128 value) => AddWide((UInt128)value);

    public void Add(ReadOnlySpan<byte> text)
    {
        Put((byte)' ');
        Write(text);
    }

    public void Write(ReadOnlySpan<byte> text)
    {
        foreach (byte b in text)
        {
            Put(b);
        }
    }

    public void EndLine() => Put((byte)'\n');

    private void Put(byte b)
    {
        _buffer[Length] = b;
        Length++;
    }
}
