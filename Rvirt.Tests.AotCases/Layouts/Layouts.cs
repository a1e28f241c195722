using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvirt.Tests.AotCases.Layouts;

#pragma warning disable CA1711, CA1715 // Names say what a struct looks like.

public struct OneByte { public byte A; }

public struct ByteInt { public byte A; public int B; }

public struct IntByte { public int A; public byte B; }

public struct ByteLongByte { public byte A; public long B; public byte C; }

public struct ShortsAndBytes { public short A; public byte B; public ushort C; public sbyte D; public char E; public bool F; }

public struct Odd { public byte A, B, C; }

public struct OddTail { public long A; public byte B, C, D; }

public unsafe struct Pointers { public byte A; public void* B; public int C; public delegate*<void> D; public nint E; public nuint F; }

public struct Wide { public byte A; public UInt128 B; public int C; }

public struct WideInside { public int A; public Wide B; public byte C; }

public struct Empty;

public struct WithEmpty { public Empty A; public int B; public Empty C; }

public struct Nested { public byte A; public ByteInt B; public ShortsAndBytes C; public OddTail D; }

public struct NestedTwice { public Nested A; public byte B; public Nested C; }

public enum SmallEnum : byte { A }

public enum LongEnum : long { A }

public struct Enums { public SmallEnum A; public LongEnum B; public SmallEnum C; public DayOfWeek D; }

[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct Pack1 { public byte A; public long B; public short C; public int D; }

[StructLayout(LayoutKind.Sequential, Pack = 2)]
public struct Pack2 { public byte A; public long B; public short C; public int D; public byte E; }

[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct Pack4 { public byte A; public long B; public short C; public Nested D; }

[StructLayout(LayoutKind.Sequential, Pack = 16)]
public struct Pack16 { public byte A; public long B; public byte C; }

public struct HoldsPacked { public byte A; public Pack1 B; public long C; public Pack2 D; }

[StructLayout(LayoutKind.Sequential, Size = 32)]
public struct Sized { public int A; public byte B; }

[StructLayout(LayoutKind.Sequential, Size = 2)]
public struct SizedTooSmall { public int A; public byte B; }

[StructLayout(LayoutKind.Sequential, Size = 13)]
public struct SizedOddly { public long A; public byte B; }

[StructLayout(LayoutKind.Explicit)]
public struct Explicit { [FieldOffset(0)] public int A; [FieldOffset(2)] public short B; [FieldOffset(9)] public byte C; }

[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct ExplicitSized { [FieldOffset(4)] public int A; [FieldOffset(16)] public byte B; }

[StructLayout(LayoutKind.Explicit, Pack = 1)]
public struct ExplicitPacked { [FieldOffset(0)] public byte A; [FieldOffset(1)] public long B; }

public struct HoldsExplicit { public byte A; public Explicit B; public ExplicitPacked C; public long D; }

[InlineArray(5)]
public struct FiveShorts { private short _a; }

[InlineArray(3)]
public struct ThreeNested { private Nested _a; }

public struct HoldsArrays { public byte A; public FiveShorts B; public ThreeNested C; public byte D; }

public unsafe struct FixedBuffers { public byte A; public fixed int B[3]; public fixed byte C[5]; public fixed ulong D[2]; }

public struct Box<T> { public byte A; public T B; public byte C; }

public struct Two<TFirst, TSecond> { public TFirst A; public TSecond B; }

public struct Outer<T>
{
    public struct Inner<TOther> { public TOther A; public T B; public byte C; }

    public Inner<byte> A;
    public T B;
}

public struct Linked<T> { public Box<Box<T>> A; public Two<T, Box<byte>> B; public Outer<T>.Inner<Two<byte, T>> C; }

public struct AutoProperties { public byte A { get; set; } public long B { get; set; } public byte C { get; } }

[StructLayout(LayoutKind.Auto)]
public struct Automatic { public byte A; public long B; public short C; public int D; }

public struct WithReference { public byte A; public string B; public int C; public long D; }

public struct WithReferenceInside { public byte A; public WithReference B; public short C; }
