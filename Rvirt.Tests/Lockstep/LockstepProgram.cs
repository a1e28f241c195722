using System;
using System.Collections.Generic;

namespace Rvirt.Tests.Lockstep;

/// <summary>A random program: a seed decides about its host, its memory and every event.</summary>
public static class LockstepProgram
{
    /// <summary>Generates and runs a program.</summary>
    /// <param name="seed">Decides about everything.</param>
    /// <param name="steps">Instructions to compare.</param>
    /// <param name="change">Changes the host that the seed decided on.</param>
    /// <param name="ended">Looks at the machines when all were.</param>
    /// <returns>How many were.</returns>
    /// <exception cref="DivergenceException">The machines differ; the message holds a short program that shows it.</exception>
    public static ulong Run(ulong seed, ulong steps, Func<LockstepConfiguration, LockstepConfiguration>? change = null, Action<LockstepRun>? ended = null)
    {
        var configuration = LockstepConfiguration.Of(seed);
        configuration = change?.Invoke(configuration) ?? configuration;
        var events = new List<LockstepEvent>();
        using var run = new LockstepRun(seed, configuration);
        var generator = new ProgramGenerator(seed, run);
        try
        {
            while (run.Steps < steps && !run.Ended)
            {
                var next = generator.Next();
                events.Add(next);
                run.Apply(next);
            }

            run.CompareAll();
        }
        catch (DivergenceException)
        {
            throw new DivergenceException(LockstepShrinker.Report(seed, configuration, events));
        }

        ended?.Invoke(run);
        return run.Steps;
    }

    /// <summary>Runs events again.</summary>
    /// <returns>How the machines differ, or null.</returns>
    public static string? Replay(ulong seed, LockstepConfiguration configuration, IEnumerable<LockstepEvent> events, Action<ulong, uint>? planted = null)
    {
        using var run = new LockstepRun(seed, configuration) { Planted = planted };
        try
        {
            foreach (var e in events)
            {
                if (run.Ended)
                {
                    break;
                }

                if (run.Over && e.Kind != LockstepEventKind.Restart)
                {
                    continue;
                }

                run.Apply(e);
            }

            run.CompareAll();
            return null;
        }
        catch (DivergenceException e)
        {
            return e.Message;
        }
    }
}
