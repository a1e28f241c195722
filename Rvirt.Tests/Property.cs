using System;
using System.Globalization;
using CsCheck;

namespace Rvirt.Tests;

/// <summary>
/// Tries properties with drawn values, the same in each run: a test that fails by chance says nothing of the change that it is run for.
/// </summary>
/// <remarks>
/// <c>PROPERTY_SEED=n</c> in the environment draws others, and <c>PROPERTY_RUNS=n</c> as many times more. A failure names its seed;
/// <c>CsCheck_Seed</c> begins with that, and goes on with other values in each run.
/// </remarks>
internal static class Property
{
    /// <summary>Tries a property that throws where it does not hold.</summary>
    /// <param name="values">Where the values come from.</param>
    /// <param name="property">The property.</param>
    /// <param name="iter">Number of values.</param>
    public static void ForAll<T>(this Gen<T> values, Action<T> property, int iter = 100) =>
        Try(iter, (seed, runs) => values.Sample(property, seed: seed, iter: runs, threads: 1));

    /// <summary>Tries a property that is false where it does not hold.</summary>
    /// <inheritdoc cref="ForAll{T}(Gen{T}, Action{T}, int)"/>
    public static void ForAll<T>(this Gen<T> values, Func<T, bool> property, int iter = 100) =>
        Try(iter, (seed, runs) => values.Sample(property, seed: seed, iter: runs, threads: 1));

    /// <inheritdoc cref="ForAll{T}(Gen{T}, Action{T}, int)"/>
    public static void ForAll<T1, T2>(this Gen<(T1, T2)> values, Action<T1, T2> property, int iter = 100) =>
        values.ForAll(v => property(v.Item1, v.Item2), iter);

    /// <inheritdoc cref="ForAll{T}(Gen{T}, Action{T}, int)"/>
    public static void ForAll<T1, T2, T3>(this Gen<(T1, T2, T3)> values, Action<T1, T2, T3> property, int iter = 100) =>
        values.ForAll(v => property(v.Item1, v.Item2, v.Item3), iter);

    /// <inheritdoc cref="ForAll{T}(Gen{T}, Action{T}, int)"/>
    public static void ForAll<T1, T2, T3, T4>(this Gen<(T1, T2, T3, T4)> values, Action<T1, T2, T3, T4> property, int iter = 100) =>
        values.ForAll(v => property(v.Item1, v.Item2, v.Item3, v.Item4), iter);

    /// <inheritdoc cref="ForAll{T}(Gen{T}, Action{T}, int)"/>
    public static void ForAll<T1, T2, T3, T4, T5, T6>(this Gen<(T1, T2, T3, T4, T5, T6)> values, Action<T1, T2, T3, T4, T5, T6> property, int iter = 100) =>
        values.ForAll(v => property(v.Item1, v.Item2, v.Item3, v.Item4, v.Item5, v.Item6), iter);

    // A seed is the first value's alone: CsCheck draws the next from the clock.
    private static void Try(int iter, Action<string?, int> sample)
    {
        var runs = checked(iter * Number("PROPERTY_RUNS", 1));
        if (Environment.GetEnvironmentVariable("CsCheck_Seed") is not null)
        {
            sample(null, runs);
            return;
        }

        var seeds = new PCG(1, (ulong)Number("PROPERTY_SEED", 0));
        for (var run = 0; run < runs; run++)
        {
            sample(new PCG(seeds.Next(), seeds.Next64()).ToString(), 1);
        }
    }

    private static int Number(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
