using System.Threading;

namespace Rvirt.Mmu;

/// <content>What the hardware finds, for people to look at.</content>
public unsafe partial struct ShadowMmu<TViews>
{
    /// <summary>
    /// What the hardware finds at an address by the tables it uses now, while the guest goes on: each entry is read as one word, and stays what it was
    /// or is another one of the pool's.
    /// </summary>
    /// <param name="va">The guest's virtual address.</param>
    /// <param name="level">The level of the leaf that maps it.</param>
    /// <param name="view">The view that the guest has now.</param>
    /// <returns>False where nothing is mapped there.</returns>
    public readonly bool TryLook(ulong va, out int level, out int view)
    {
        var active = Volatile.Read(in _activeRoot);
        level = HostTranslation.Levels(_host.Mode);
        view = Volatile.Read(in _view);
        if ((uint)active >= RootCount || !IsLive(active))
        {
            return false;
        }

        // SAFETY: a root's table and the pool's stay for as long as the MMU, and every link in one, whatever was its use, leads to one: indexes are below 512.
        var table = _roots[active].Table;
        while (level-- > 0)
        {
            var pte = Volatile.Read(ref table[Pte.Index(va, level)]);
            if ((pte & Pte.V) == 0 || Pte.IsLeaf(pte))
            {
                // Where the hypervisor is mapped too, what the guest may not use is the hypervisor's.
                return (pte & Pte.V) != 0 && (!Policy.HasWindow || (pte & Pte.U) != 0);
            }

            table = (ulong*)_window.Pointer(Pte.Address(pte));
        }

        return false;
    }
}
