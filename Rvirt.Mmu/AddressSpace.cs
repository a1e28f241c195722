using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rvirt.Mmu;

/// <summary>One value of the guest's <c>satp</c> and the roots that its views have.</summary>
internal struct AddressSpace
{
    /// <summary>Number of address spaces kept. Each has one place; another that needs it drops the one there.</summary>
    public const int Count = 64;

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

    /// <summary>Root of each view. With translation off all views have the same.</summary>
    public ViewRoots Views;

    /// <summary>Takes a root from the views that have it.</summary>
    public void Forget(int root)
    {
        for (var view = 0; view < ViewKind.Count; view++)
        {
            if (Views.Of(view).Root == root)
            {
                Views.Of(view) = ViewRoot.None;
            }
        }
    }

    /// <summary>One root a view.</summary>
    [InlineArray(ViewKind.Count)]
    public struct ViewRoots
    {
        private ViewRoot _first;

        /// <summary>A view's root.</summary>
        [UnscopedRef]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref ViewRoot Of(int view) => ref Unsafe.Add(ref _first, view);
    }
}
