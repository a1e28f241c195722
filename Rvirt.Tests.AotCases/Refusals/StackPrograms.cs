using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvirt.Tests.AotCases.Refusals;

/// <summary>Programs whose use of stack is looked at.</summary>
internal static unsafe class StackPrograms
{
    [UnmanagedCallersOnly(EntryPoint = "stack_deep")]
    public static int Deep(int n) => Large(n) + Small(n);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Large(int n)
    {
        byte* bytes = stackalloc byte[2000];
        return Fill(bytes, n);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Fill(byte* bytes, int n)
    {
        for (int i = 0; i < 2000; i++)
        {
            bytes[i] = (byte)(i * n);
        }
        return bytes[n & 1023];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Small(int n) => n * 3;

    [UnmanagedCallersOnly(EntryPoint = "stack_recursive")]
    public static int Recursive(int n) => First(n);

    private static int First(int n) => n == 0 ? 0 : Second(n - 1);

    private static int Second(int n) => First(n) + 1; // recursion

    [UnmanagedCallersOnly(EntryPoint = "stack_recursive_by_pointer")]
    public static int RecursiveByPointer(int n) => Through(n, &Leaf);

    private static int Leaf(int n, delegate*<int, void*, int> next) => n;

    private static int Through(int n, delegate*<int, delegate*<int, void*, int>, int> next) => next(n, &Again);

    private static int Again(int n, void* next) => Through(n, &Leaf);
}
