using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference;

namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>
/// Sees whether a fence of fetches that is said to be made was made: between its post and the word that it is, the hart that has the virtual hart has fenced.
/// A guest could not tell: it runs no instruction in between.
/// </summary>
// SAFETY: records of guests stay in the machine's RAM for as long as the world that looks.
internal sealed unsafe class FetchWatch
{
    private readonly Guest<FakeHost>* _guest;
    private readonly FakeHostState[] _hosts;
    private readonly bool[] _posted = new bool[ExploredScript.Harts];
    private readonly int[] _tickets = new int[ExploredScript.Harts];
    private readonly int[][] _made;

    public FetchWatch(Guest<FakeHost>* guest, Machine machine)
    {
        _guest = guest;
        _hosts = Array.ConvertAll(machine.Harts, FakeHostState.Of);
        _made = Array.ConvertAll(_tickets, _ => new int[machine.Harts.Length]);
    }

    /// <summary>Looks.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Look()
    {
        for (var i = 0; i < ExploredScript.Harts; i++)
        {
            ref var v = ref *_guest->Harts[i];
            if (!_posted[i] && Posts(ref v.Fences).Fetches)
            {
                _posted[i] = true;
                _tickets[i] = Posted(ref v.Fences);
                for (var hart = 0; hart < _hosts.Length; hart++)
                {
                    _made[i][hart] = _hosts[hart].InstructionFences;
                }
            }
            else if (_posted[i] && v.Fences.IsServed(_tickets[i]))
            {
                _posted[i] = false;
                // Whoever starts it has it fenced as it is loaded.
                if (v.IsAlive && _hosts[v.HostHartId].InstructionFences == _made[i][v.HostHartId])
                {
                    return $"virtual hart {i} says that it has fenced, and has not";
                }
            }
        }

        return null;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_posts")]
    private static extern ref FencePosts Posts(ref FenceMailbox mailbox);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_posted")]
    private static extern ref int Posted(ref FenceMailbox mailbox);
}
