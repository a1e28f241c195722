using System;
using CsCheck;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Reference;

/// <summary>Float arithmetic against .NET's in its one rounding mode, and by hand elsewhere.</summary>
public sealed class SoftFloatTests
{
    private static readonly ulong[] _corners =
    [
        0, 1, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
        0x7fefffffffffffff, 0x0010000000000000, 0x000fffffffffffff, 0x3ff0000000000001, 0x4340000000000000, 0x0350000000000000,
    ];

    private static readonly Gen<ulong> _bits = Gen.OneOf(Gen.ULong, Gen.Int[0, 13].Select(i => _corners[i]));

    [Test]
    public void AgreesWithDotNetOnDoubles() =>
        Gen.Select(_bits, _bits, _bits).ForAll(
            (a, b, c) =>
            {
                var f = FloatFormat.Double;
                var flags = 0;
                var (x, y, z) = (D(a), D(b), D(c));
                Same(SoftFloat.Add(f, a, b, SoftFloat.Rne, ref flags), x + y);
                Same(SoftFloat.Multiply(f, a, b, SoftFloat.Rne, ref flags), x * y);
                Same(SoftFloat.Divide(f, a, b, SoftFloat.Rne, ref flags), x / y);
                Same(SoftFloat.SquareRoot(f, a, SoftFloat.Rne, ref flags), Math.Sqrt(x));
                Same(SoftFloat.MultiplyAdd(f, a, b, c, SoftFloat.Rne, ref flags), Math.FusedMultiplyAdd(x, y, z));
                Same(SoftFloat.FromInteger(f, a, false, SoftFloat.Rne, ref flags), (double)(long)a);
                Assert.That(SoftFloat.Less(f, a, b, false, ref flags), Is.EqualTo(x < y));
                Assert.That(SoftFloat.Less(f, a, b, true, ref flags), Is.EqualTo(x <= y));
                Assert.That(SoftFloat.Equal(f, a, b, ref flags), Is.EqualTo(x == y));
                var single = SoftFloat.Convert(f, FloatFormat.Single, a, SoftFloat.Rne, ref flags);
                Assert.That(double.IsNaN(x) ? 0x7fc00000 : single, Is.EqualTo(double.IsNaN(x) ? 0x7fc00000 : BitConverter.SingleToUInt32Bits((float)x)));
            },
            iter: 20000);

    [Test]
    public void AgreesWithDotNetOnSingles() =>
        Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt).ForAll(
            (a, b, c) =>
            {
                var f = FloatFormat.Single;
                var flags = 0;
                var (x, y, z) = (S(a), S(b), S(c));
                Same(SoftFloat.Add(f, a, b, SoftFloat.Rne, ref flags), x + y);
                Same(SoftFloat.Multiply(f, a, b, SoftFloat.Rne, ref flags), x * y);
                Same(SoftFloat.Divide(f, a, b, SoftFloat.Rne, ref flags), x / y);
                Same(SoftFloat.SquareRoot(f, a, SoftFloat.Rne, ref flags), MathF.Sqrt(x));
                Same(SoftFloat.MultiplyAdd(f, a, b, c, SoftFloat.Rne, ref flags), MathF.FusedMultiplyAdd(x, y, z));
            },
            iter: 20000);

    [TestCase(SoftFloat.Rne, 2UL, 2UL, ~1UL)]
    [TestCase(SoftFloat.Rtz, 2UL, 1UL, ~0UL)]
    [TestCase(SoftFloat.Rdn, 2UL, 1UL, ~1UL)]
    [TestCase(SoftFloat.Rup, 3UL, 2UL, ~0UL)]
    [TestCase(SoftFloat.Rmm, 3UL, 2UL, ~1UL)]
    public void RoundsToIntegers(int mode, ulong twoAndAHalf, ulong oneAndAHalf, ulong minusOneAndAHalf)
    {
        var flags = 0;
        Assert.That(SoftFloat.ToInteger(FloatFormat.Double, U(2.5), false, 64, mode, ref flags), Is.EqualTo(twoAndAHalf));
        Assert.That(SoftFloat.ToInteger(FloatFormat.Double, U(1.5), false, 32, mode, ref flags), Is.EqualTo(oneAndAHalf));
        Assert.That(SoftFloat.ToInteger(FloatFormat.Double, U(-1.5), false, 64, mode, ref flags), Is.EqualTo(minusOneAndAHalf));
        Assert.That(flags, Is.EqualTo(SoftFloat.Nx));
    }

    [TestCase(1e30, false, 32, 0x7fff_ffffUL)]
    [TestCase(-1e30, false, 32, 0xffff_ffff_8000_0000UL)]
    [TestCase(double.NaN, false, 64, 0x7fff_ffff_ffff_ffffUL)]
    [TestCase(double.NegativeInfinity, true, 64, 0UL)]
    [TestCase(-1.0, true, 32, 0UL)]
    [TestCase(4294967296.0, true, 32, ulong.MaxValue)]
    [TestCase(-9223372036854775808.0, false, 64, 1UL << 63)]
    public void SaturatesToIntegers(double value, bool unsigned, int bits, ulong expected)
    {
        var flags = 0;
        Assert.That(SoftFloat.ToInteger(FloatFormat.Double, U(value), unsigned, bits, SoftFloat.Rtz, ref flags), Is.EqualTo(expected));
        Assert.That(flags, Is.EqualTo(value == -9223372036854775808.0 ? 0 : SoftFloat.Nv));
    }

    [TestCase(SoftFloat.Rne, 0.1, 0.2, 0.30000000000000004)]
    [TestCase(SoftFloat.Rtz, 0.1, 0.2, 0.3)]
    [TestCase(SoftFloat.Rup, 0.1, 0.2, 0.30000000000000004)]
    [TestCase(SoftFloat.Rdn, 0.1, 0.2, 0.3)]
    [TestCase(SoftFloat.Rtz, double.MaxValue, double.MaxValue, double.MaxValue)]
    [TestCase(SoftFloat.Rdn, -double.MaxValue, -double.MaxValue, double.NegativeInfinity)]
    [TestCase(SoftFloat.Rdn, 1.0, -1.0, -0.0)]
    public void RoundsSums(int mode, double a, double b, double expected)
    {
        var flags = 0;
        Assert.That(SoftFloat.Add(FloatFormat.Double, U(a), U(b), mode, ref flags), Is.EqualTo(U(expected)));
    }

    [Test]
    public void RaisesFlags()
    {
        var f = FloatFormat.Double;
        var flags = 0;
        SoftFloat.Divide(f, U(1), U(0), 0, ref flags);
        Assert.That(flags, Is.EqualTo(SoftFloat.Dz));
        flags = 0;
        SoftFloat.Multiply(f, U(double.MaxValue), U(2), 0, ref flags);
        Assert.That(flags, Is.EqualTo(SoftFloat.Of | SoftFloat.Nx));
        flags = 0;
        SoftFloat.Multiply(f, U(double.Epsilon), U(0.5), 0, ref flags);
        Assert.That(flags, Is.EqualTo(SoftFloat.Uf | SoftFloat.Nx));
        flags = 0;
        SoftFloat.Multiply(f, U(double.Epsilon), U(2), 0, ref flags);
        Assert.That(flags, Is.Zero, "exact subnormal results do not underflow");
        SoftFloat.SquareRoot(f, U(-1), 0, ref flags);
        Assert.That(flags, Is.EqualTo(SoftFloat.Nv));
    }

    [TestCase(double.NegativeInfinity, 0)]
    [TestCase(-1.0, 1)]
    [TestCase(-double.Epsilon, 2)]
    [TestCase(-0.0, 3)]
    [TestCase(0.0, 4)]
    [TestCase(double.Epsilon, 5)]
    [TestCase(1.0, 6)]
    [TestCase(double.PositiveInfinity, 7)]
    [TestCase(double.NaN, 9)]
    public void Classifies(double value, int bit) => Assert.That(SoftFloat.Classify(FloatFormat.Double, U(value) & ~(double.IsNaN(value) ? 1UL << 63 : 0)), Is.EqualTo(1UL << bit));

    [Test]
    public void RunsOnTheHartAndDirtiesTheState()
    {
        using var machine = new Machine(1 << 16).Load("""
            li t0, 0x2000
            csrs mstatus, t0
            li t0, 3
            fcvt.d.l fa0, t0
            fadd.d fa1, fa0, fa0
            fcvt.l.d a0, fa1, rtz
            fcvt.s.d fa2, fa1
            fmv.x.w a1, fa2
            csrr a2, mstatus
            """);
        machine.Hart.Run(9);
        Assert.That(machine.Hart[10], Is.EqualTo(6));
        Assert.That(machine.Hart[11], Is.EqualTo(BitConverter.SingleToUInt32Bits(6)));
        Assert.That(machine.Hart[12] & (Status.Fs | Status.Sd), Is.EqualTo(Status.Fs | Status.Sd));
        Assert.That(machine.Hart.Float[12] >> 32, Is.EqualTo(0xffff_ffff), "singles are boxed");
    }

    private static double D(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static float S(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong U(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static void Same(ulong actual, double expected) =>
        Assert.That(actual, Is.EqualTo(double.IsNaN(expected) ? FloatFormat.Double.QuietNaN : U(expected)));

    private static void Same(ulong actual, float expected) =>
        Assert.That(actual, Is.EqualTo(float.IsNaN(expected) ? FloatFormat.Single.QuietNaN : BitConverter.SingleToUInt32Bits(expected)));
}
