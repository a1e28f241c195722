using System;

namespace Rvirt.Reference.Harts;

/// <summary>IEEE 754 arithmetic in integers, exact in every rounding mode, with RISC-V's flags and NaNs (Unprivileged spec §20, §21).</summary>
/// <remarks>Operands and results are bits of the format named by <see cref="FloatFormat"/>.</remarks>
internal static class SoftFloat
{
    public const int Nv = 16, Dz = 8, Of = 4, Uf = 2, Nx = 1;
    public const int Rne = 0, Rtz = 1, Rdn = 2, Rup = 3, Rmm = 4;

    private readonly record struct Unpacked(bool Sign, UInt128 Mantissa, int Exponent);

    public static ulong Add(FloatFormat f, ulong a, ulong b, int rm, ref int flags)
    {
        if (Special(f, a, b, ref flags, out var nan))
        {
            return nan;
        }

        if (f.IsInfinite(a) || f.IsInfinite(b))
        {
            if (f.IsInfinite(a) && f.IsInfinite(b) && f.Sign(a) != f.Sign(b))
            {
                flags |= Nv;
                return f.QuietNaN;
            }

            return f.IsInfinite(a) ? a : b;
        }

        return Sum(f, Unpack(f, a), Unpack(f, b), rm, ref flags);
    }

    public static ulong Multiply(FloatFormat f, ulong a, ulong b, int rm, ref int flags)
    {
        if (Special(f, a, b, ref flags, out var nan))
        {
            return nan;
        }

        var sign = f.Sign(a) != f.Sign(b);
        if (f.IsInfinite(a) || f.IsInfinite(b))
        {
            if (f.IsZero(a) || f.IsZero(b))
            {
                flags |= Nv;
                return f.QuietNaN;
            }

            return f.Infinity(sign);
        }

        var (ua, ub) = (Unpack(f, a), Unpack(f, b));
        return Round(f, sign, ua.Mantissa * ub.Mantissa, ua.Exponent + ub.Exponent, rm, ref flags);
    }

    public static ulong Divide(FloatFormat f, ulong a, ulong b, int rm, ref int flags)
    {
        if (Special(f, a, b, ref flags, out var nan))
        {
            return nan;
        }

        var sign = f.Sign(a) != f.Sign(b);
        if ((f.IsInfinite(a) && f.IsInfinite(b)) || (f.IsZero(a) && f.IsZero(b)))
        {
            flags |= Nv;
            return f.QuietNaN;
        }

        if (f.IsInfinite(a))
        {
            return f.Infinity(sign);
        }

        if (f.IsInfinite(b) || f.IsZero(a))
        {
            return f.Zero(sign);
        }

        if (f.IsZero(b))
        {
            flags |= Dz;
            return f.Infinity(sign);
        }

        var (ua, ub) = (Normal(Unpack(f, a)), Normal(Unpack(f, b)));
        var (quotient, rest) = UInt128.DivRem(ua.Mantissa << 64, ub.Mantissa);
        return Round(f, sign, (quotient << 1) | (rest != 0 ? 1u : 0u), ua.Exponent - ub.Exponent - 65, rm, ref flags);
    }

    public static ulong SquareRoot(FloatFormat f, ulong a, int rm, ref int flags)
    {
        if (Special(f, a, a, ref flags, out var nan))
        {
            return nan;
        }

        if (f.IsZero(a))
        {
            return a;
        }

        if (f.Sign(a))
        {
            flags |= Nv;
            return f.QuietNaN;
        }

        if (f.IsInfinite(a))
        {
            return a;
        }

        var u = Normal(Unpack(f, a));
        var mantissa = u.Mantissa << 62;
        var exponent = u.Exponent - 62;
        if ((exponent & 1) != 0)
        {
            mantissa <<= 1;
            exponent--;
        }

        UInt128 root = 0;
        for (var bit = UInt128.One << 63; bit != 0; bit >>= 1)
        {
            var trial = root | bit;
            if (trial * trial <= mantissa)
            {
                root = trial;
            }
        }

        var sticky = root * root != mantissa ? 1u : 0u;
        return Round(f, false, (root << 1) | sticky, (exponent / 2) - 1, rm, ref flags);
    }

    /// <summary>a * b + c with one rounding.</summary>
    public static ulong MultiplyAdd(FloatFormat f, ulong a, ulong b, ulong c, int rm, ref int flags)
    {
        var infiniteTimesZero = (f.IsInfinite(a) && f.IsZero(b)) || (f.IsZero(a) && f.IsInfinite(b));
        if (f.IsSignaling(a) || f.IsSignaling(b) || f.IsSignaling(c) || infiniteTimesZero)
        {
            flags |= Nv;
            return f.QuietNaN;
        }

        if (f.IsNaN(a) || f.IsNaN(b) || f.IsNaN(c))
        {
            return f.QuietNaN;
        }

        var sign = f.Sign(a) != f.Sign(b);
        if (f.IsInfinite(a) || f.IsInfinite(b))
        {
            if (f.IsInfinite(c) && f.Sign(c) != sign)
            {
                flags |= Nv;
                return f.QuietNaN;
            }

            return f.Infinity(sign);
        }

        if (f.IsInfinite(c))
        {
            return c;
        }

        var (ua, ub) = (Unpack(f, a), Unpack(f, b));
        return Sum(f, new Unpacked(sign, ua.Mantissa * ub.Mantissa, ua.Exponent + ub.Exponent), Unpack(f, c), rm, ref flags);
    }

    /// <summary>The smaller (or larger) of two; a NaN loses, and -0 is smaller than +0.</summary>
    public static ulong Extreme(FloatFormat f, ulong a, ulong b, bool maximum, ref int flags)
    {
        if (f.IsSignaling(a) || f.IsSignaling(b))
        {
            flags |= Nv;
        }

        if (f.IsNaN(a))
        {
            return f.IsNaN(b) ? f.QuietNaN : b;
        }

        if (f.IsNaN(b))
        {
            return a;
        }

        var less = f.IsZero(a) && f.IsZero(b) ? f.Sign(a) : Order(f, a, b) < 0;
        return less != maximum ? a : b;
    }

    /// <summary>a == b; quiet.</summary>
    public static bool Equal(FloatFormat f, ulong a, ulong b, ref int flags)
    {
        if (f.IsSignaling(a) || f.IsSignaling(b))
        {
            flags |= Nv;
        }

        return !f.IsNaN(a) && !f.IsNaN(b) && Order(f, a, b) == 0;
    }

    /// <summary>a &lt; b, or a &lt;= b; signalling.</summary>
    public static bool Less(FloatFormat f, ulong a, ulong b, bool orEqual, ref int flags)
    {
        if (f.IsNaN(a) || f.IsNaN(b))
        {
            flags |= Nv;
            return false;
        }

        var order = Order(f, a, b);
        return order < 0 || (orEqual && order == 0);
    }

    /// <summary>The ten-bit class of <c>fclass</c>.</summary>
    public static ulong Classify(FloatFormat f, ulong a)
    {
        var sign = f.Sign(a);
        if (f.IsNaN(a))
        {
            return f.IsSignaling(a) ? 1UL << 8 : 1UL << 9;
        }

        var magnitude = f.IsInfinite(a) ? 3 : f.IsZero(a) ? 0 : f.BiasedExponent(a) == 0 ? 1 : 2;
        return 1UL << (sign ? 3 - magnitude : 4 + magnitude);
    }

    /// <summary>Converts to an integer of 32 or 64 bits, saturating; 32-bit results are sign-extended.</summary>
    public static ulong ToInteger(FloatFormat f, ulong a, bool unsigned, int bits, int rm, ref int flags)
    {
        var maximum = unsigned ? (bits == 64 ? ulong.MaxValue : 0xffff_ffff) : (1UL << (bits - 1)) - 1;
        var negativeLimit = unsigned ? UInt128.Zero : UInt128.One << (bits - 1);
        var sign = f.Sign(a);
        UInt128 magnitude;
        var inexact = false;
        if (f.IsNaN(a) || f.IsInfinite(a))
        {
            magnitude = UInt128.MaxValue;
            sign = sign && !f.IsNaN(a);
        }
        else
        {
            var u = Unpack(f, a);
            if (u.Exponent >= 0)
            {
                magnitude = u.Exponent > 70 && u.Mantissa != 0 ? UInt128.MaxValue : u.Mantissa << Math.Min(u.Exponent, 70);
            }
            else
            {
                magnitude = ShiftRound(u.Mantissa, -u.Exponent, sign, rm, out inexact);
            }
        }

        ulong result;
        if (magnitude > (sign ? negativeLimit : (UInt128)maximum))
        {
            flags |= Nv;
            result = sign ? (ulong)(UInt128.Zero - negativeLimit) : maximum;
        }
        else
        {
            flags |= inexact ? Nx : 0;
            result = sign ? 0 - (ulong)magnitude : (ulong)magnitude;
        }

        return bits == 32 ? (ulong)(long)(int)result : result;
    }

    public static ulong FromInteger(FloatFormat f, ulong value, bool unsigned, int rm, ref int flags)
    {
        var sign = !unsigned && (long)value < 0;
        return Round(f, sign, sign ? 0 - value : value, 0, rm, ref flags);
    }

    /// <summary>Converts between formats.</summary>
    public static ulong Convert(FloatFormat from, FloatFormat to, ulong a, int rm, ref int flags)
    {
        if (from.IsNaN(a))
        {
            flags |= from.IsSignaling(a) ? Nv : 0;
            return to.QuietNaN;
        }

        if (from.IsInfinite(a))
        {
            return to.Infinity(from.Sign(a));
        }

        var u = Unpack(from, a);
        return Round(to, u.Sign, u.Mantissa, u.Exponent, rm, ref flags);
    }

    private static bool Special(FloatFormat f, ulong a, ulong b, ref int flags, out ulong result)
    {
        result = f.QuietNaN;
        if (f.IsSignaling(a) || f.IsSignaling(b))
        {
            flags |= Nv;
        }

        return f.IsNaN(a) || f.IsNaN(b);
    }

    private static int Order(FloatFormat f, ulong a, ulong b)
    {
        if (f.IsZero(a) && f.IsZero(b))
        {
            return 0;
        }

        if (f.Sign(a) != f.Sign(b))
        {
            return f.Sign(a) ? -1 : 1;
        }

        var order = f.Magnitude(a).CompareTo(f.Magnitude(b));
        return f.Sign(a) ? -order : order;
    }

    private static Unpacked Unpack(FloatFormat f, ulong a)
    {
        var biased = f.BiasedExponent(a);
        var fraction = f.Fraction(a);
        return biased == 0
            ? new Unpacked(f.Sign(a), fraction, f.MinimumExponent)
            : new Unpacked(f.Sign(a), fraction | (1UL << f.FractionBits), f.MinimumExponent + biased - 1);
    }

    /// <summary>The same value with bit 52 as its highest.</summary>
    private static Unpacked Normal(Unpacked u)
    {
        var shift = 53 - Length(u.Mantissa);
        return u with { Mantissa = u.Mantissa << shift, Exponent = u.Exponent - shift };
    }

    private static ulong Sum(FloatFormat f, Unpacked a, Unpacked b, int rm, ref int flags)
    {
        if (a.Mantissa == 0 && b.Mantissa == 0)
        {
            return f.Zero(a.Sign == b.Sign ? a.Sign : rm == Rdn);
        }

        if (a.Mantissa == 0 || b.Mantissa == 0)
        {
            var u = a.Mantissa == 0 ? b : a;
            return Round(f, u.Sign, u.Mantissa, u.Exponent, rm, ref flags);
        }

        if (Length(a.Mantissa) + a.Exponent < Length(b.Mantissa) + b.Exponent)
        {
            (a, b) = (b, a);
        }

        var shift = 126 - Length(a.Mantissa);
        var large = a.Mantissa << shift;
        var exponent = a.Exponent - shift;
        var small = b.Exponent >= exponent ? b.Mantissa << (b.Exponent - exponent) : Jam(b.Mantissa, exponent - b.Exponent);
        if (a.Sign == b.Sign)
        {
            return Round(f, a.Sign, large + small, exponent, rm, ref flags);
        }

        if (large == small)
        {
            return f.Zero(rm == Rdn);
        }

        var sign = large > small ? a.Sign : b.Sign;
        return Round(f, sign, large > small ? large - small : small - large, exponent, rm, ref flags);
    }

    private static UInt128 Jam(UInt128 value, int shift)
    {
        if (shift >= 128)
        {
            return value != 0 ? 1u : 0u;
        }

        var shifted = value >> shift;
        return shifted << shift != value ? shifted | 1 : shifted;
    }

    private static int Length(UInt128 value) => 128 - (int)UInt128.LeadingZeroCount(value);

    private static UInt128 ShiftRound(UInt128 mantissa, int shift, bool sign, int rm, out bool inexact)
    {
        // Beyond 126 bits only the sticky bit is left; two bits of room keep it apart from a half.
        if (shift > 126)
        {
            mantissa = mantissa != 0 ? 1u : 0u;
            shift = 2;
        }

        var quotient = mantissa >> shift;
        var rest = mantissa - (quotient << shift);
        inexact = rest != 0;
        var half = shift == 0 ? 0 : UInt128.One << (shift - 1);
        var up = rm switch
        {
            Rne => rest > half || (rest == half && inexact && (quotient & 1) != 0),
            Rtz => false,
            Rdn => sign && inexact,
            Rup => !sign && inexact,
            _ => inexact && rest >= half,
        };
        return up ? quotient + 1 : quotient;
    }

    private static ulong Round(FloatFormat f, bool sign, UInt128 mantissa, int exponent, int rm, ref int flags)
    {
        if (mantissa == 0)
        {
            return f.Zero(sign);
        }

        var precision = f.FractionBits + 1;
        var unbounded = exponent + Length(mantissa) - precision;
        var lsb = Math.Max(unbounded, f.MinimumExponent);
        bool inexact;
        UInt128 quotient;
        if (lsb <= exponent)
        {
            quotient = mantissa << (exponent - lsb);
            inexact = false;
        }
        else
        {
            quotient = ShiftRound(mantissa, lsb - exponent, sign, rm, out inexact);
        }

        if (inexact)
        {
            flags |= Nx;
            if (unbounded < f.MinimumExponent)
            {
                // Tiny after rounding, as if the exponent had no lower end.
                var full = unbounded <= exponent ? mantissa : ShiftRound(mantissa, unbounded - exponent, sign, rm, out _);
                var reachesNormal = unbounded + 1 == f.MinimumExponent && Length(full) > precision && unbounded > exponent;
                flags |= reachesNormal ? 0 : Uf;
            }
        }

        if (Length(quotient) > precision)
        {
            quotient >>= 1;
            lsb++;
        }

        var biased = Length(quotient) < precision ? 0 : lsb - f.MinimumExponent + 1;
        if (biased >= f.MaximumBiased)
        {
            flags |= Of | Nx;
            var toInfinity = rm is Rne or Rmm || (rm == Rup && !sign) || (rm == Rdn && sign);
            return toInfinity ? f.Infinity(sign) : f.Infinity(sign) - 1;
        }

        return f.Zero(sign) | ((ulong)biased << f.FractionBits) | ((ulong)quotient & ((1UL << f.FractionBits) - 1));
    }
}
