using System;

namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>What the virtual harts of an explored guest do for one seed: a script for each, which ends whatever the order.</summary>
/// <remarks>
/// Events are drawn in one order, in which whoever waits was sent an interrupt before, and whoever watches fences comes after them; each hart's script is its part of that. So no script waits for what
/// cannot come, but where the hypervisor loses something.
/// </remarks>
internal sealed class ExploredScript
{
    /// <summary>Virtual harts of the guest.</summary>
    public const int Harts = 3;

    /// <summary>Bytes of a hart's script at most: eight for each operation, and eight that end it.</summary>
    public const int Length = 0x400;

    // As the guest's program knows them.
    private enum Operation : byte
    {
        Kick = 1,
        Wait,
        FencePage,
        FenceAll,
        FenceFetches,
        Check,
        Start,
        Suspend,
        Nap,
        Watch,
    }

    private readonly byte[] _bytes = new byte[Harts * Length];
    private readonly int[] _ends = new int[Harts];
    private readonly int[] _given = new int[Harts];
    private readonly int[] _needed = new int[Harts];
    private readonly int[] _fences = new int[Harts];

    /// <summary>The scripts, one after the other.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Draws other scripts.</summary>
    public void Fill(ref Draw draw)
    {
        Array.Clear(_bytes);
        Array.Clear(_ends);
        Array.Clear(_given);
        Array.Clear(_needed);
        Array.Clear(_fences);
        var events = 2 + draw.Below(12);
        // Some seeds fence fetches, some wait a lot.
        var fetches = draw.Below(3) == 0;
        for (var i = 0; i < events; i++)
        {
            var hart = draw.Below(Harts);
            var other = (hart + 1 + draw.Below(Harts - 1)) % Harts;
            switch (draw.Below(12))
            {
                case 0 or 1:
                    Kick(hart, other);
                    break;
                case 2 or 3 or 4:
                    if (_given[hart] == _needed[hart])
                    {
                        Kick(other, hart);
                    }

                    _needed[hart]++;
                    Add(hart, draw.Below(3) == 0 ? Operation.Suspend : Operation.Wait, 0);
                    break;
                case 5 or 6:
                    Fence(hart, fetches ? Operation.FenceFetches : Operation.FencePage);
                    break;
                case 7:
                    Fence(hart, fetches ? Operation.FenceFetches : Operation.FenceAll);
                    break;
                case 9:
                    Add(hart, Operation.Nap, 0);
                    Add(hart, Operation.Check, other);
                    break;
                case 10:
                    Add(hart, Operation.Watch, other, _fences[other]);
                    break;
                case 8:
                    Add(hart, Operation.Check, other);
                    break;
                default:
                    Add(hart, Operation.Start, other);
                    break;
            }

            // What is known of the other's memory is known to be stale only where it was looked at before.
            if (draw.Below(2) == 0)
            {
                Add(other, Operation.Check, hart);
            }
        }
    }

    private void Kick(int from, int to)
    {
        _given[to]++;
        Add(from, Operation.Kick, to);
    }

    private void Fence(int hart, Operation operation)
    {
        _fences[hart]++;
        Add(hart, operation, 0);
    }

    private void Add(int hart, Operation operation, int argument, int count = 0)
    {
        var at = (hart * Length) + _ends[hart];
        _bytes[at] = (byte)operation;
        _bytes[at + 1] = (byte)argument;
        _bytes[at + 2] = (byte)count;
        _ends[hart] += 8;
    }
}
