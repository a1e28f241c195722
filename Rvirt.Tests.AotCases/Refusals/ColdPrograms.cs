using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;

namespace Rvirt.Tests.AotCases.Refusals;

/// <summary>Programs of which it is looked at what is compiled for size.</summary>
internal static unsafe class ColdPrograms
{
    [UnmanagedCallersOnly(EntryPoint = "cold_mixed")]
    public static int Mixed(int n) => Hot(n) + Cold(n) + Rare.Method(n) + Rare.Inner.Nested(n);

    [UnmanagedCallersOnly(EntryPoint = "cold_by_pointer")]
    public static int ByPointer(int n)
    {
        delegate*<int, int> function = n > 3 ? &Pointed : &Shared;
        return function(n) + Cold(n);
    }

    [UnmanagedCallersOnly(EntryPoint = "cold_by_assembly")]
    public static int ByAssembly(int n) => Outside(n > 3 ? &Pointed : &Shared);

    /// <summary>Whoever is handed a function may call it.</summary>
    [DllImport("*", EntryPoint = "cold_outside")]
    private static extern int Outside(delegate*<int, int> function);

    [ColdPath]
    [UnmanagedCallersOnly(EntryPoint = "cold_export")]
    public static int Export(int n) => Behind(n);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Hot(int n) => Shared(n) + 1;

    [ColdPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Cold(int n) => Shared(n) + Behind(n);

    /// <summary>Called by hot and by cold code.</summary>
    private static int Shared(int n) => n * 3;

    /// <summary>Called by cold code alone.</summary>
    private static int Behind(int n) => n * 5;

    private static int Pointed(int n) => n * 7;

    [ColdPath]
    private static class Rare
    {
        public static int Method(int n) => n * 9;

        public static class Inner
        {
            public static int Nested(int n) => n * 11;
        }
    }
}
