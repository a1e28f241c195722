using System;

namespace Rvirt.Core.Instructions;

/// <summary>Names of the integer registers in the calling convention (RISC-V ABIs, "Integer Register Convention"), in ASCII.</summary>
public static class RegisterName
{
    private const int Width = 4;

    private static ReadOnlySpan<byte> Names =>
        "zerora  sp  gp  tp  t0  t1  t2  s0  s1  a0  a1  a2  a3  a4  a5  a6  a7  s2  s3  s4  s5  s6  s7  s8  s9  s10 s11 t3  t4  t5  t6  "u8;

    /// <summary>A register's name.</summary>
    /// <param name="number">Its number; only the low five bits count.</param>
    internal static ReadOnlySpan<byte> Of(int number) => Column(number).TrimEnd((byte)' ');

    /// <summary>A register's name, filled up with blanks to four columns.</summary>
    /// <param name="number">Its number; only the low five bits count.</param>
    public static ReadOnlySpan<byte> Column(int number) => Names.Slice((number & 31) * Width, Width);
}
