using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Core.Freestanding;

namespace Rvirt.Tests.AotCases.Refusals;

/// <summary>What has no place in freestanding code for other reasons; marked as <see cref="ObjectRefusals"/> are.</summary>
internal static unsafe class LanguageRefusals
{
    [UnmanagedCallersOnly(EntryPoint = "refuse_float_constant")]
    public static int FloatConstant(int n) => n > 1.5 ? 1 : 0; // RVA0014

    [UnmanagedCallersOnly(EntryPoint = "refuse_float_argument")]
    public static int FloatArgument(int n) => (int)Half(n); // RVA0014

    private static float Half(float value) => value;

    private struct Scaled
    {
        public double Factor;
        public int Value;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_float_field")]
    public static int FloatField(int n)
    {
        Scaled scaled = default;
        scaled.Value = n;
        scaled.Factor = n; // RVA0014
        return scaled.Value;
    }

    private struct Registers
    {
        public uint Data;
        public uint Status;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_register_stores")]
    public static void RegisterStores(int n)
    {
        var registers = (Registers*)0x10010000;
        registers->Data = (uint)n; // RVA0030
        var bytes = (byte*)0x10000000;
        bytes[n] = 1; // RVA0030
        *(ulong*)0xffff_ffff_0000_0000 = 1; // RVA0030
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_register_load")]
    public static void RegisterLoad()
    {
        while ((((Registers*)0x10010000)->Status & 0x20) == 0) // RVA0030
        {
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_bit_cast")]
    public static int BitCast(long n) => Unsafe.BitCast<long, int>(n); // RVA0004

    private struct Deep<T>
    {
        public T Value;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_endless_generics")]
    public static int EndlessGenerics(int n) => Nest(n, (byte)0);

    private static int Nest<T>(int n, T value) => n == 0 ? 0 : Nest(n - 1, new Deep<T> { Value = value }); // RVA0022

    [DllImport("libc")]
    private static extern int getpid();

    [UnmanagedCallersOnly(EntryPoint = "refuse_library_import")]
    public static int LibraryImport() => getpid(); // RVA0020

    [UnmanagedCallersOnly(EntryPoint = "refuse_interpolation")]
    public static int Interpolation(int n) => $"n is {n}".Length; // RVA0023

    [UnmanagedCallersOnly(EntryPoint = "refuse_to_string")]
    public static int ToText(int n)
    {
        var text = n.ToString(System.Globalization.CultureInfo.InvariantCulture); // RVA0023
        return text.Length;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_concatenation")]
    public static int Concatenation(int n)
    {
        string text = n > 0 ? "a" : "b";
        return (text + "c").Length; // RVA0023
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_list")]
    public static int List(int n)
    {
        var list = new List<int>(); // RVA0023
        list.Add(n);
        return n;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_sort")]
    public static int Sort(int n)
    {
        Span<int> values = [3, n, 1];
        values.Sort(); // RVA0023
        return values[0];
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_hash_code")]
    public static int CombineHashes(int n) => HashCode.Combine(n, 5); // RVA0023

    [DllImport("*", EntryPoint = "twice_imported")]
    private static extern int Imported(int n);

    [DllImport("*", EntryPoint = "twice_imported")]
    private static extern long Imported(long n, long m);

    [UnmanagedCallersOnly(EntryPoint = "refuse_two_signatures")]
    public static long TwoSignatures(int n)
    {
        long first = Imported(n);
        return first + Imported(n, n); // RVA0006
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_encoding")]
    public static int Encode(int n) => Encoding.UTF8.GetByteCount("text") + n; // RVA0023

    [UnmanagedCallersOnly(EntryPoint = "refuse_console")]
    public static void Print() => Console.WriteLine(5); // RVA0023

    private static (int, int) s_pair;

    [UnmanagedCallersOnly(EntryPoint = "refuse_atomic_struct")]
    public static int AtomicStruct(int n) => System.Threading.Interlocked.CompareExchange(ref s_pair, (1, 2), (n, n)).Item1; // RVA0023

    private static int Sum(int n, __arglist) => n;

    [UnmanagedCallersOnly(EntryPoint = "refuse_argument_list")]
    public static int ArgumentList(int n) => Sum(n, __arglist(n, n)); // RVA0025

    [UnmanagedCallersOnly(EntryPoint = "refuse_typed_reference")]
    public static int TypedReference(int n)
    {
        var reference = __makeref(n);
        return __refvalue(reference, int); // RVA0025
    }

    private struct Words
    {
        public long A, B;
    }

    [AsmIntrinsic("nop")]
    private static extern void Assembly(Words words);

    [UnmanagedCallersOnly(EntryPoint = "refuse_struct_through_assembly")]
    public static void StructThroughAssembly() => Assembly(default); // RVA0029

    [StructLayout(LayoutKind.Explicit)]
    private struct Overlaid
    {
        [FieldOffset(0)]
        public string Text;

        [FieldOffset(4)]
        public int Number;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_overlaid_reference")]
    public static int OverlaidReference()
    {
        Overlaid overlaid = default; // RVA0024
        return overlaid.Number;
    }
}
