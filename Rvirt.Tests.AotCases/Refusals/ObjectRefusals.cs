using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace Rvirt.Tests.AotCases.Refusals;

/// <summary>
/// What needs a heap, objects or the runtime. Each export holds, at the lines so marked, exactly the errors that compiling it alone gives.
/// </summary>
internal static unsafe class ObjectRefusals
{
    private sealed class Box(int value)
    {
        public int Value = value;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_object")]
    public static int Object(int n) => new Box(n).Value; // RVA0010

    [UnmanagedCallersOnly(EntryPoint = "refuse_array")]
    public static int Array(int n)
    {
        var array = new int[n]; // RVA0010
        return array.Length;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_matrix")]
    public static int Matrix(int n)
    {
        var matrix = new int[n, n];
        return matrix[0, n]; // RVA0010
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_object_in_callee")]
    public static int ObjectInCallee(int n) => Middle(n);

    private static int Middle(int n) => Inner(n + 1);

    private static int Inner(int n)
    {
        return new Box(n).Value; // RVA0010
    }

    private static class Numbers
    {
        public static readonly int[] All = [1, 2, 3];
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_array_range")]
    public static int ArrayRange(int n)
    {
        var numbers = Numbers.All;
        return numbers[1..n].Length; // RVA0023
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_box")]
    public static int BoxValue(int n)
    {
        object boxed = n;
        return boxed.GetHashCode(); // RVA0015
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_box_of_struct")]
    public static int BoxStruct(int n) => Describe((n, n)); // RVA0011

    private static int Describe(object value) => value is null ? 0 : 1;

    [UnmanagedCallersOnly(EntryPoint = "refuse_interface_receiver")]
    public static int InterfaceReceiver(int n)
    {
        IComparable<int> comparable = n;
        return comparable.CompareTo(5); // RVA0015
    }

    private struct Plain
    {
        public int Value;
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_inherited_hash")]
    public static int InheritedHash(int n) => Hash(new Plain { Value = n });

    private static int Hash<T>(T value)
        where T : struct => value.GetHashCode(); // RVA0011

    [UnmanagedCallersOnly(EntryPoint = "refuse_delegate")]
    public static int Delegate(int n)
    {
        Func<int, int> twice = Twice; // RVA0012
        return twice(n); // RVA0012
    }

    private static int Twice(int n) => n * 2;

    [UnmanagedCallersOnly(EntryPoint = "refuse_lambda")]
    public static int Lambda(int n)
    {
        Func<int> get = () => n; // RVA0012
        return get();
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_catch")]
    public static int Catch(int n)
    {
        try
        {
            return 10 / n; // RVA0013
        }
        catch (DivideByZeroException)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_filter")]
    public static int Filter(int n)
    {
        try
        {
            return 10 / n; // RVA0013
        }
        catch (Exception) when (n > 3)
        {
            return 0;
        }
    }

    private abstract class Animal
    {
        public abstract int Legs { get; }
    }

    private sealed class Dog : Animal
    {
        public override int Legs => 4;
    }

    private static class Animals
    {
        public static readonly Animal First = new Dog();
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_virtual")]
    public static int Virtual(int n) => Animals.First.Legs + n; // RVA0015

    [UnmanagedCallersOnly(EntryPoint = "refuse_type_test")]
    public static int TypeTest(int n) => Animals.First is Dog ? n : 0; // RVA0016

    [UnmanagedCallersOnly(EntryPoint = "refuse_cast")]
    public static int Cast(int n) => ((Dog)Animals.First).Legs + n; // RVA0016

    [UnmanagedCallersOnly(EntryPoint = "refuse_typeof")]
    public static int TypeOf(int n) => typeof(int).Name.Length + n; // RVA0017

    [UnmanagedCallersOnly(EntryPoint = "refuse_get_type")]
    public static int GetTypeOf() => Animals.First.GetType() is null ? 0 : 1; // RVA0020 RVA0021

    [UnmanagedCallersOnly(EntryPoint = "refuse_static_constructor")]
    public static long StaticConstructor() => Impure.Value;

    private static class Impure
    {
        public static readonly int Value = Read(5);

        private static int Read(int address) => *(int*)address; // RVA0018
    }

    [ThreadStatic]
    private static int t_count;

    [UnmanagedCallersOnly(EntryPoint = "refuse_thread_static")]
    public static int ThreadStatic() => t_count; // RVA0019

    [UnmanagedCallersOnly(EntryPoint = "refuse_lock")]
    public static int Lock(int n)
    {
        lock (Animals.First) // RVA0023
        {
            return n; // RVA0023
        }
    }

    private static IEnumerable<int> Count(int n)
    {
        for (int i = 0; i < n; i++)
        {
            yield return i;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "refuse_iterator")]
    public static int Iterator(int n)
    {
        int sum = 0;
        foreach (int value in Count(n)) // RVA0010
        {
            sum += value;
        }
        return sum;
    }
}
