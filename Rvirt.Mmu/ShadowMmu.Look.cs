using System.Threading;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Mmu;

/// <content>What the hardware finds: for people to look at, and to read what a guest executes.</content>
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
        view = Volatile.Read(in _view);
        var found = TryFindLeaf(va, out var leaf, out level);

        // Where the hypervisor is mapped too, what the guest may not use is the hypervisor's.
        return found && (!Policy.HasWindow || (leaf & Pte.U) != 0);
    }

    /// <summary>See <see cref="IGuestMmu{THost}.TryReadCode"/>.</summary>
    /// <remarks>Not where the hypervisor uses the same tables: there it reads by the guest's addresses, which is quicker.</remarks>
    internal readonly bool TryReadCode(ulong va, out uint instruction)
    {
        instruction = 0;
        if (Policy.HasWindow || (va & 1) != 0 || (va & (Pte.PageSize - 1)) > Pte.PageSize - sizeof(uint) || !TryFindLeaf(va, out var leaf, out var level)
            || (leaf & Pte.X) == 0 || (leaf & Pte.U) != 0 != Policy.IsBareUser(_view))
        {
            return false;
        }

        var place = Pte.Address(leaf) + (va & (Pte.Size(level) - 1)) - _memory.HostAddress;
        if (place > _memory.Length - sizeof(uint))
        {
            return false;
        }

        // SAFETY: inside the guest's RAM. A neighbour hart may write there meanwhile: each half is read once.
        var code = (ushort*)(_memory.Pointer + place);
        instruction = Volatile.Read(ref *code);
        if ((instruction & 3) == 3)
        {
            instruction |= (uint)Volatile.Read(ref code[1]) << 16;
        }

        return true;
    }

    private readonly bool TryFindLeaf(ulong va, out ulong leaf, out int level)
    {
        var active = Volatile.Read(in _activeRoot);
        level = HostTranslation.Levels(_host.Mode);
        leaf = 0;
        if ((uint)active >= RootCount || !IsLive(active))
        {
            return false;
        }

        // SAFETY: a root's table and the pool's stay for as long as the MMU, and every link in one, whatever was its use, leads to one: indexes are below 512.
        var table = _roots[active].Table;
        while (level-- > 0)
        {
            leaf = Volatile.Read(ref table[Pte.Index(va, level)]);
            if ((leaf & Pte.V) == 0 || Pte.IsLeaf(leaf))
            {
                return (leaf & Pte.V) != 0;
            }

            table = (ulong*)_window.Pointer(Pte.Address(leaf));
        }

        return false;
    }
}
