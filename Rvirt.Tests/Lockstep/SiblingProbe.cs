namespace Rvirt.Tests.Lockstep;

/// <summary>Programs of several virtual harts on the product that a copy of the tests has: see <see cref="Hypervisor.Interleaving.ExploredBuild"/>.</summary>
public static class SiblingProbe
{
    private const ulong StepsOfAProgram = 20_000;

    /// <summary>Runs programs until two machines differ.</summary>
    /// <param name="first">First seed; each is run with virtual harts that stay until their turn ends, with some put down after each trap, and with vectors.</param>
    /// <param name="count">How many.</param>
    /// <returns>The difference; null for none.</returns>
    public static string? Run(int first, int count)
    {
        for (var seed = (ulong)first; seed < (ulong)(first + count); seed++)
        {
            var configuration = LockstepConfiguration.Of(seed).WithSiblings;
            configuration = seed % 3 == 0 ? configuration.WithVectors : configuration;
            using var run = new LockstepRun(seed, configuration) { Planted = static (_, _) => { } };
            var generator = new ProgramGenerator(seed, run);
            try
            {
                while (run.Steps < StepsOfAProgram && !run.Ended)
                {
                    run.Apply(generator.Next());
                }

                run.CompareAll();
            }
            catch (DivergenceException difference)
            {
                return $"seed {seed}: {difference.Message}";
            }
        }

        return null;
    }
}
