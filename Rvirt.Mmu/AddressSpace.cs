using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Rvirt.Core.VirtualHart;

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

    /// <summary>Its roots, by their numbers (<see cref="IViewPolicy"/>). With translation off all are the same.</summary>
    public ViewRoots Roots;

    /// <summary>Takes a root from the numbers that have it.</summary>
    public void Forget(int root, int numbers)
    {
        for (var number = 0; number < numbers; number++)
        {
            if (Roots.Of(number).Root == root)
            {
                Roots.Of(number) = ViewRoot.None;
            }
        }
    }

    /// <summary>Room for as many roots as any policy has.</summary>
    [InlineArray(IViewPolicy.MaximumRoots)]
    public struct ViewRoots
    {
        private ViewRoot _first;

        /// <summary>The root of a number.</summary>
        // SAFETY: the caller vouches for a number of the policy's, which are below IViewPolicy.MaximumRoots.
        [UnscopedRef]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref ViewRoot Of(int number) => ref Unsafe.Add(ref _first, number);
    }
}
