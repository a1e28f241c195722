using System;
using System.Diagnostics;
using System.Threading;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// How long tests wait. A wait only ends what hangs, so it is far longer than anything takes on a machine with other work; what a test
/// says about speed it says with counts, or with ratios of one run.
/// </summary>
internal static class Patience
{
    /// <summary>The shortest wait there is.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMinutes(10);

    /// <summary>The wait for something that takes some seconds on an idle machine.</summary>
    public static TimeSpan For(double seconds) => For(TimeSpan.FromSeconds(seconds));

    /// <inheritdoc cref="For(double)"/>
    public static TimeSpan For(TimeSpan idle)
    {
        var stretched = idle * 10;
        return stretched > Least ? stretched : Least;
    }

    /// <summary>Waits until a condition holds, which somebody else brings about.</summary>
    public static void Until(Func<bool> condition, string what)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            if (waited.Elapsed > Least)
            {
                throw new AssertionException($"{Least.TotalMinutes} minutes went by without: {what}");
            }

            Thread.Sleep(20);
        }
    }
}
