using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Lockstep;

/// <summary>Makes a failing program short and readable.</summary>
public static class LockstepShrinker
{
    private const int Budget = 3000;

    /// <summary>The shortest program found, as text.</summary>
    public static string Report(ulong seed, LockstepConfiguration configuration, List<LockstepEvent> events)
    {
        var original = LockstepProgram.Replay(seed, configuration, events);
        if (original is null)
        {
            return string.Create(CultureInfo.InvariantCulture, $"seed {seed}: failed once, and not again with the same events");
        }

        var shortest = Shrink(events, candidate => LockstepProgram.Replay(seed, configuration, candidate) is not null);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"seed {seed}, {configuration}\n");
        var positions = new List<(ulong Pc, uint Word)>();
        var difference = LockstepProgram.Replay(seed, configuration, shortest, (pc, word) => positions.Add((pc, word)));
        text.Append(CultureInfo.InvariantCulture, $"{difference}\n");
        var planted = 0;
        foreach (var e in shortest)
        {
            Write(text, e, positions, ref planted);
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, LockstepEvent e, List<(ulong Pc, uint Word)> positions, ref int planted)
    {
        switch (e.Kind)
        {
            case LockstepEventKind.Register:
                text.Append(CultureInfo.InvariantCulture, $"    li {Registers.Integer[e.Register]}, 0x{e.Value:x}\n");
                break;
            case LockstepEventKind.Interrupt:
                text.Append(CultureInfo.InvariantCulture, $"    # {e.Interrupt} interrupt becomes pending\n");
                break;
            case LockstepEventKind.Restart:
                text.Append("    # all harts start again\n");
                break;
            case LockstepEventKind.Turn:
                text.Append(CultureInfo.InvariantCulture, $"    # it is the turn of the hart that is {e.Next} on\n");
                break;
            case LockstepEventKind.Fence:
                text.Append(CultureInfo.InvariantCulture, $"    # a fence is left for the hart that is {e.Next} on, of {(e.Register == 0 ? "everything" : $"page {e.Value:x}")}\n");
                break;
            default:
                for (var i = 0; i < e.Words.Length; i++)
                {
                    if (e.TurnAt == i)
                    {
                        text.Append("    # it is the next hart's turn, and then this one's again\n");
                    }

                    if (e.Interrupt != LockstepInterrupt.None && e.At == i)
                    {
                        text.Append(CultureInfo.InvariantCulture, $"    # {e.Interrupt} interrupt becomes pending\n");
                    }

                    if (planted < positions.Count && positions[planted].Word == e.Words[i])
                    {
                        var (pc, word) = positions[planted++];
                        text.Append(CultureInfo.InvariantCulture, $"{pc,16:x}: {Disassembler.Text(word, pc)}\n");
                    }
                    else
                    {
                        text.Append(CultureInfo.InvariantCulture, $"    # cannot be put anywhere: {Disassembler.Text(e.Words[i])}\n");
                    }
                }

                break;
        }
    }

    private static List<LockstepEvent> Shrink(List<LockstepEvent> events, Func<List<LockstepEvent>, bool> fails)
    {
        var budget = Budget;
        bool Try(List<LockstepEvent> candidate) => budget-- > 0 && fails(candidate);

        for (var chunk = Math.Max(events.Count / 2, 1); chunk >= 1 && budget > 0; chunk = chunk == 1 ? 0 : (chunk + 1) / 2)
        {
            for (var start = events.Count - chunk; start > -chunk && budget > 0; start -= chunk)
            {
                var from = Math.Max(start, 0);
                var candidate = events.Take(from).Concat(events.Skip(start + chunk)).ToList();
                if (Try(candidate))
                {
                    events = candidate;
                }
            }
        }

        for (var i = events.Count - 1; i >= 0 && budget > 0; i--)
        {
            foreach (var simpler in Simpler(events[i]))
            {
                var candidate = new List<LockstepEvent>(events) { [i] = simpler };
                if (Try(candidate))
                {
                    events = candidate;
                    i++;
                    break;
                }
            }
        }

        return events;
    }

    private static IEnumerable<LockstepEvent> Simpler(LockstepEvent e)
    {
        if (e.Kind == LockstepEventKind.Code)
        {
            if (e.Interrupt != LockstepInterrupt.None)
            {
                yield return e with { Interrupt = LockstepInterrupt.None };
            }

            if (e.TurnAt >= 0)
            {
                yield return e with { TurnAt = -1 };
            }

            for (var i = 0; i < e.Words.Length && e.Words.Length > 1; i++)
            {
                yield return e with { Words = [.. e.Words.Where((_, index) => index != i)], At = Math.Min(e.At, e.Words.Length - 2) };
            }
        }
        else if (e.Kind == LockstepEventKind.Register && e.Value != 0)
        {
            yield return e with { Value = 0 };
        }
    }
}
