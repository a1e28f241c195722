using System.Collections.Generic;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>
/// The protocols between harts under every order that a seed leads to: kick, wait, load, fence, start and stop of harts, pause, restart, end and start of the
/// guest, the queue. What is run is the product's own code, told of each atomic operation (<see cref="ExploredBuild"/>).
/// </summary>
internal sealed class InterleavingTests
{
    private const int Threads = 2;

    // Each error of the list shows within so many.
    private const int SeedsForAnError = 50_000;

    private static IEnumerable<PlantedError> Errors() => PlantedError.All;

    // The rarest planted error takes 21,614 seeds of harts that are pinned, and 1,788 of harts that are shared, each of which takes four times as long.
    [TestCase(WorldKind.Pinned, 80_000)]
    [TestCase(WorldKind.Shared, 20_000)]
    public void NoOrderOfHartsMakesTheProtocolsFail(WorldKind world, int seeds)
    {
        // Each has a copy of the product to itself: what a seed leads to is the same beside others.
        var each = seeds / Threads;
        var explored = new (string? Failure, Exploration Reached)[Threads];
        Parallel.For(
            0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads },
            thread => explored[thread] = new ExploredBuild().Explore(world, thread * each, each));
        foreach (var (failure, reached) in explored)
        {
            TestContext.Out.WriteLine(reached);
            Assert.That(failure, Is.Null);
            Assert.That(reached.Episodes, Is.EqualTo(each));
            Assert.That(reached.Handovers, Is.GreaterThan(10 * each), "harts give way in the hypervisor");
            Assert.That(reached.Requests, Is.GreaterThan(each / 4));
        }
    }

    [TestCaseSource(nameof(Errors))]
    public void APlantedErrorIsFoundAndItsSeedRepeats(PlantedError error)
    {
        var (failure, reached) = new ExploredBuild(error).Explore(error.World, 0, SeedsForAnError);
        Assert.That(failure, Is.Not.Null, $"{error}: {reached}");
        TestContext.Out.WriteLine($"{reached}\n{failure}");
        var seed = int.Parse(failure!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(new ExploredBuild(error).Explore(error.World, seed, 1).Failure, Is.EqualTo(failure));
        Assert.That(new ExploredBuild().Explore(error.World, seed, 1).Failure, Is.Null, "without it that seed is as it should be");
    }
}
