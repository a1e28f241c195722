namespace Rvirt.Reference.Harts;

/// <summary>A binary interchange format of up to 64 bits.</summary>
/// <param name="ExponentBits">Bits of the exponent.</param>
/// <param name="FractionBits">Bits of the fraction.</param>
internal readonly record struct FloatFormat(int ExponentBits, int FractionBits)
{
    /// <summary>binary32.</summary>
    public static readonly FloatFormat Single = new(8, 23);

    /// <summary>binary64.</summary>
    public static readonly FloatFormat Double = new(11, 52);

    /// <summary>Biased exponent of infinities and NaNs.</summary>
    public int MaximumBiased => (1 << ExponentBits) - 1;

    /// <summary>Exponent of the last bit of subnormals.</summary>
    public int MinimumExponent => 2 - (1 << (ExponentBits - 1)) - FractionBits;

    public ulong QuietNaN => ((ulong)MaximumBiased << FractionBits) | (1UL << (FractionBits - 1));

    public ulong SignBit => 1UL << (ExponentBits + FractionBits);

    public bool Sign(ulong a) => (a & SignBit) != 0;

    public ulong Magnitude(ulong a) => a & (SignBit - 1);

    public ulong Fraction(ulong a) => a & ((1UL << FractionBits) - 1);

    public int BiasedExponent(ulong a) => (int)(a >> FractionBits) & MaximumBiased;

    public bool IsNaN(ulong a) => BiasedExponent(a) == MaximumBiased && Fraction(a) != 0;

    public bool IsSignaling(ulong a) => IsNaN(a) && (a & (1UL << (FractionBits - 1))) == 0;

    public bool IsInfinite(ulong a) => BiasedExponent(a) == MaximumBiased && Fraction(a) == 0;

    public bool IsZero(ulong a) => Magnitude(a) == 0;

    public ulong Infinity(bool sign) => Zero(sign) | ((ulong)MaximumBiased << FractionBits);

    public ulong Zero(bool sign) => sign ? SignBit : 0;
}
