using System.Globalization;

namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>Goes through seeds. It runs in the copy of the tests that has the product of an <see cref="ExploredBuild"/>.</summary>
public static class Explorer
{
    // A world is used for so many seeds in a row: to repeat one, those before it are run too.
    private const int SeedsOfAWorld = 500;

    /// <summary>Runs seeds until one goes wrong.</summary>
    /// <param name="kind">A <see cref="WorldKind"/>.</param>
    /// <param name="first">The first; those before it that have its world are run too.</param>
    /// <param name="count">How many from there.</param>
    /// <param name="reached">Gets what was reached, as <see cref="Exploration"/> has it.</param>
    /// <returns>The seed, and what went wrong with it; null for nothing.</returns>
    public static string? Run(int kind, int first, int count, long[] reached)
    {
        var end = first + count;
        for (var begin = first - (first % SeedsOfAWorld); begin < end; begin += SeedsOfAWorld)
        {
            using var world = new ExploredWorld((WorldKind)kind);
            for (var seed = begin; seed < end && seed < begin + SeedsOfAWorld; seed++)
            {
                if (world.Run(seed) is { } problem)
                {
                    Add(world.Reached, reached);
                    return string.Create(CultureInfo.InvariantCulture, $"seed {seed} of world {(WorldKind)kind}: {problem}");
                }
            }

            Add(world.Reached, reached);
        }

        return null;
    }

    private static void Add(long[] more, long[] reached)
    {
        for (var i = 0; i < more.Length; i++)
        {
            reached[i] += more[i];
        }
    }
}
