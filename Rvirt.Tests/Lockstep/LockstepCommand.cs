using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;

namespace Rvirt.Tests.Lockstep;

/// <summary><c>make lockstep</c>, with a line that shows how far it is.</summary>
public static class LockstepCommand
{
    /// <summary>Runs the command.</summary>
    /// <param name="arguments">Number of instructions, first seed, jobs, 1 to put the virtual hart down after every trap, 1 for vectors, and 1 for several harts.</param>
    /// <returns>The exit status: 1 where a program failed.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var wanted = Argument(arguments, 0, 10_000_000);
        var (putDown, vectors, siblings) = (Argument(arguments, 3, 0) == 1, Argument(arguments, 4, 0) == 1, Argument(arguments, 5, 0) == 1);
        var campaign = new LockstepCampaign(wanted, Argument(arguments, 1, 1), host =>
        {
            host = vectors ? host.WithVectors : host;
            host = siblings ? host.WithSiblings : host;
            return putDown ? host.PutDown : host;
        });
        var watch = Stopwatch.StartNew();
        string Line()
        {
            var rate = campaign.Done / watch.Elapsed.TotalSeconds / 1e6;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"lockstep: {campaign.Done / 1e6:F1} of {wanted / 1e6:F0} million instructions, {rate:F2} million a second, last seed {campaign.Seed}");
        }

        using (new Timer(_ => Console.Error.Write(Line() + "   \r"), null, 1000, 1000))
        {
            campaign.Run((int)Argument(arguments, 2, (ulong)Environment.ProcessorCount));
        }

        Console.WriteLine(Line() + (campaign.Failure is null ? ", all equal" : ", then a difference"));
        if (campaign.Failure is { } failure)
        {
            Console.WriteLine(failure);
        }

        return campaign.Failure is null ? 0 : 1;
    }

    private static ulong Argument(ReadOnlySpan<string> arguments, int index, ulong standard) =>
        index < arguments.Length && arguments[index].Length > 0 ? ulong.Parse(arguments[index], CultureInfo.InvariantCulture) : standard;
}
