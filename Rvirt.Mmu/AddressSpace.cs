using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rvirt.Mmu;

/// <summary>One value of the guest's <c>satp</c> and the roots that its views have.</summary>
internal struct AddressSpace
{
    /// <summary>Number of address spaces kept. Each has one place; another that needs it drops the one there.</summary>
    public const int Count = 64;

    /// <summary>In place of a root: none.</summary>
    public const int NoRoot = -1;

    /// <summary>The guest's <c>satp</c>.</summary>
    public ulong Satp;

    /// <summary>The pool's generation that it belongs to.</summary>
    public ulong Generation;

    /// <summary>Its slot's generation that it belongs to.</summary>
    public ulong SlotGeneration;

    /// <summary>Slot of its ASID.</summary>
    public int Slot;

    /// <summary>Levels of the guest's mode; with translation off, of the identity map.</summary>
    public int Levels;

    /// <summary>Root of each view.</summary>
    public ViewRoots Roots;

    /// <summary>One number a view.</summary>
    [InlineArray(ViewKind.Count)]
    public struct ViewRoots
    {
        private int _first;

        /// <summary>A view's root.</summary>
        [UnscopedRef]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref int Of(int view) => ref Unsafe.Add(ref _first, view);
    }
}
