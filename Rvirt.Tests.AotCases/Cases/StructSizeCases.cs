using System.Runtime.CompilerServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Structs of every size go through calls and come back whole.</summary>
public static unsafe class StructSizeCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("StructSize.From1To16"u8, &From1To16, ref log);
        runner.Run("StructSize.From17To32"u8, &From17To32, ref log);
        runner.Run("StructSize.From33To48"u8, &From33To48, ref log);
        runner.Run("StructSize.From49To64"u8, &From49To64, ref log);
    }

    /// <summary>Bytes of a struct, taken apart without knowing its fields.</summary>
    private static ulong Sum<T>(ref T value)
        where T : unmanaged
    {
        ulong sum = 0;
        ref byte bytes = ref Unsafe.As<T, byte>(ref value);
        for (int i = 0; i < sizeof(T); i++)
        {
            sum = (sum * 31) + Unsafe.Add(ref bytes, i);
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Echo<T>(T value) => value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Second<T>(byte before, T first, T second, long after)
        where T : unmanaged
    {
        // The callee's copy is its own.
        ulong sum = Sum(ref first) + before + (ulong)after;
        Unsafe.As<T, byte>(ref first) = (byte)sum;
        Unsafe.As<T, byte>(ref second) ^= (byte)sum;
        return second;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Made<T>(ulong seed)
        where T : unmanaged
    {
        T value = default;
        ref byte bytes = ref Unsafe.As<T, byte>(ref value);
        for (int i = 0; i < sizeof(T); i++)
        {
            Unsafe.Add(ref bytes, i) = (byte)(seed >> (i & 31));
            seed = (seed * 0x9e3779b97f4a7c15) + 1;
        }
        return value;
    }

    private static void Check<T>(ref Log log)
        where T : unmanaged
    {
        var a = Made<T>(log.Random());
        var b = Echo(a);
        log.Add(sizeof(T));
        log.Add(Sum(ref b));
        delegate*<byte, T, T, long, T> second = &Second<T>;
        var c = second(7, a, b, log.NextLong());
        log.Add(Sum(ref a));
        log.Add(Sum(ref b));
        log.Add(Sum(ref c));
        a = Second(1, Echo(c), a, 5);
        log.Add(Sum(ref a));
        T* array = stackalloc T[3];
        array[1] = a;
        array[2] = Echo(array[1]);
        array[0] = Second(2, array[2], array[1], 9);
        log.Add(Sum(ref array[0]));
        log.Add(Sum(ref array[2]));
    }

    public static void From1To16(ref Log log)
    {
        Check<Bytes1>(ref log);
        Check<Bytes2>(ref log);
        Check<Bytes3>(ref log);
        Check<Bytes4>(ref log);
        Check<Pair<Bytes3, byte>>(ref log);
        Check<Bytes5>(ref log);
        Check<Bytes6>(ref log);
        Check<Pair<Bytes5, byte>>(ref log);
        Check<Bytes7>(ref log);
        Check<Bytes8>(ref log);
        Check<Pair<Bytes7, byte>>(ref log);
        Check<Pair<Bytes8, long>>(ref log);
        Check<Bytes9>(ref log);
        Check<Bytes10>(ref log);
        Check<Pair<Bytes9, byte>>(ref log);
        Check<Bytes11>(ref log);
        Check<Bytes12>(ref log);
        Check<Pair<Bytes11, byte>>(ref log);
        Check<Bytes13>(ref log);
        Check<Bytes14>(ref log);
        Check<Pair<Bytes13, byte>>(ref log);
        Check<Bytes15>(ref log);
        Check<Bytes16>(ref log);
        Check<Pair<Bytes15, byte>>(ref log);
        Check<Pair<Bytes8, long>>(ref log);
    }

    public static void From17To32(ref Log log)
    {
        Check<Bytes17>(ref log);
        Check<Bytes18>(ref log);
        Check<Pair<Bytes17, byte>>(ref log);
        Check<Bytes19>(ref log);
        Check<Bytes20>(ref log);
        Check<Pair<Bytes19, byte>>(ref log);
        Check<Bytes21>(ref log);
        Check<Bytes22>(ref log);
        Check<Pair<Bytes21, byte>>(ref log);
        Check<Bytes23>(ref log);
        Check<Bytes24>(ref log);
        Check<Pair<Bytes23, byte>>(ref log);
        Check<Pair<Bytes16, long>>(ref log);
        Check<Bytes25>(ref log);
        Check<Bytes26>(ref log);
        Check<Pair<Bytes25, byte>>(ref log);
        Check<Bytes27>(ref log);
        Check<Bytes28>(ref log);
        Check<Pair<Bytes27, byte>>(ref log);
        Check<Bytes29>(ref log);
        Check<Bytes30>(ref log);
        Check<Pair<Bytes29, byte>>(ref log);
        Check<Bytes31>(ref log);
        Check<Bytes32>(ref log);
        Check<Pair<Bytes31, byte>>(ref log);
        Check<Pair<Bytes24, long>>(ref log);
    }

    public static void From33To48(ref Log log)
    {
        Check<Bytes33>(ref log);
        Check<Bytes34>(ref log);
        Check<Pair<Bytes33, byte>>(ref log);
        Check<Bytes35>(ref log);
        Check<Bytes36>(ref log);
        Check<Pair<Bytes35, byte>>(ref log);
        Check<Bytes37>(ref log);
        Check<Bytes38>(ref log);
        Check<Pair<Bytes37, byte>>(ref log);
        Check<Bytes39>(ref log);
        Check<Bytes40>(ref log);
        Check<Pair<Bytes39, byte>>(ref log);
        Check<Pair<Bytes32, long>>(ref log);
        Check<Bytes41>(ref log);
        Check<Bytes42>(ref log);
        Check<Pair<Bytes41, byte>>(ref log);
        Check<Bytes43>(ref log);
        Check<Bytes44>(ref log);
        Check<Pair<Bytes43, byte>>(ref log);
        Check<Bytes45>(ref log);
        Check<Bytes46>(ref log);
        Check<Pair<Bytes45, byte>>(ref log);
        Check<Bytes47>(ref log);
        Check<Bytes48>(ref log);
        Check<Pair<Bytes47, byte>>(ref log);
        Check<Pair<Bytes40, long>>(ref log);
    }

    public static void From49To64(ref Log log)
    {
        Check<Bytes49>(ref log);
        Check<Bytes50>(ref log);
        Check<Pair<Bytes49, byte>>(ref log);
        Check<Bytes51>(ref log);
        Check<Bytes52>(ref log);
        Check<Pair<Bytes51, byte>>(ref log);
        Check<Bytes53>(ref log);
        Check<Bytes54>(ref log);
        Check<Pair<Bytes53, byte>>(ref log);
        Check<Bytes55>(ref log);
        Check<Bytes56>(ref log);
        Check<Pair<Bytes55, byte>>(ref log);
        Check<Pair<Bytes48, long>>(ref log);
        Check<Bytes57>(ref log);
        Check<Bytes58>(ref log);
        Check<Pair<Bytes57, byte>>(ref log);
        Check<Bytes59>(ref log);
        Check<Bytes60>(ref log);
        Check<Pair<Bytes59, byte>>(ref log);
        Check<Bytes61>(ref log);
        Check<Bytes62>(ref log);
        Check<Pair<Bytes61, byte>>(ref log);
        Check<Bytes63>(ref log);
        Check<Bytes64>(ref log);
        Check<Pair<Bytes63, byte>>(ref log);
        Check<Pair<Bytes56, long>>(ref log);
    }

    private struct Pair<TFirst, TSecond>
        where TFirst : unmanaged
        where TSecond : unmanaged
    {
        public TFirst First;
        public TSecond Second;
    }

    [InlineArray(1)] private struct Bytes1 { private byte _first; }
    [InlineArray(2)] private struct Bytes2 { private byte _first; }
    [InlineArray(3)] private struct Bytes3 { private byte _first; }
    [InlineArray(4)] private struct Bytes4 { private byte _first; }
    [InlineArray(5)] private struct Bytes5 { private byte _first; }
    [InlineArray(6)] private struct Bytes6 { private byte _first; }
    [InlineArray(7)] private struct Bytes7 { private byte _first; }
    [InlineArray(8)] private struct Bytes8 { private byte _first; }
    [InlineArray(9)] private struct Bytes9 { private byte _first; }
    [InlineArray(10)] private struct Bytes10 { private byte _first; }
    [InlineArray(11)] private struct Bytes11 { private byte _first; }
    [InlineArray(12)] private struct Bytes12 { private byte _first; }
    [InlineArray(13)] private struct Bytes13 { private byte _first; }
    [InlineArray(14)] private struct Bytes14 { private byte _first; }
    [InlineArray(15)] private struct Bytes15 { private byte _first; }
    [InlineArray(16)] private struct Bytes16 { private byte _first; }
    [InlineArray(17)] private struct Bytes17 { private byte _first; }
    [InlineArray(18)] private struct Bytes18 { private byte _first; }
    [InlineArray(19)] private struct Bytes19 { private byte _first; }
    [InlineArray(20)] private struct Bytes20 { private byte _first; }
    [InlineArray(21)] private struct Bytes21 { private byte _first; }
    [InlineArray(22)] private struct Bytes22 { private byte _first; }
    [InlineArray(23)] private struct Bytes23 { private byte _first; }
    [InlineArray(24)] private struct Bytes24 { private byte _first; }
    [InlineArray(25)] private struct Bytes25 { private byte _first; }
    [InlineArray(26)] private struct Bytes26 { private byte _first; }
    [InlineArray(27)] private struct Bytes27 { private byte _first; }
    [InlineArray(28)] private struct Bytes28 { private byte _first; }
    [InlineArray(29)] private struct Bytes29 { private byte _first; }
    [InlineArray(30)] private struct Bytes30 { private byte _first; }
    [InlineArray(31)] private struct Bytes31 { private byte _first; }
    [InlineArray(32)] private struct Bytes32 { private byte _first; }
    [InlineArray(33)] private struct Bytes33 { private byte _first; }
    [InlineArray(34)] private struct Bytes34 { private byte _first; }
    [InlineArray(35)] private struct Bytes35 { private byte _first; }
    [InlineArray(36)] private struct Bytes36 { private byte _first; }
    [InlineArray(37)] private struct Bytes37 { private byte _first; }
    [InlineArray(38)] private struct Bytes38 { private byte _first; }
    [InlineArray(39)] private struct Bytes39 { private byte _first; }
    [InlineArray(40)] private struct Bytes40 { private byte _first; }
    [InlineArray(41)] private struct Bytes41 { private byte _first; }
    [InlineArray(42)] private struct Bytes42 { private byte _first; }
    [InlineArray(43)] private struct Bytes43 { private byte _first; }
    [InlineArray(44)] private struct Bytes44 { private byte _first; }
    [InlineArray(45)] private struct Bytes45 { private byte _first; }
    [InlineArray(46)] private struct Bytes46 { private byte _first; }
    [InlineArray(47)] private struct Bytes47 { private byte _first; }
    [InlineArray(48)] private struct Bytes48 { private byte _first; }
    [InlineArray(49)] private struct Bytes49 { private byte _first; }
    [InlineArray(50)] private struct Bytes50 { private byte _first; }
    [InlineArray(51)] private struct Bytes51 { private byte _first; }
    [InlineArray(52)] private struct Bytes52 { private byte _first; }
    [InlineArray(53)] private struct Bytes53 { private byte _first; }
    [InlineArray(54)] private struct Bytes54 { private byte _first; }
    [InlineArray(55)] private struct Bytes55 { private byte _first; }
    [InlineArray(56)] private struct Bytes56 { private byte _first; }
    [InlineArray(57)] private struct Bytes57 { private byte _first; }
    [InlineArray(58)] private struct Bytes58 { private byte _first; }
    [InlineArray(59)] private struct Bytes59 { private byte _first; }
    [InlineArray(60)] private struct Bytes60 { private byte _first; }
    [InlineArray(61)] private struct Bytes61 { private byte _first; }
    [InlineArray(62)] private struct Bytes62 { private byte _first; }
    [InlineArray(63)] private struct Bytes63 { private byte _first; }
    [InlineArray(64)] private struct Bytes64 { private byte _first; }
}
