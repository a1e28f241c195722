using System;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Arrays and objects that static initializers make: they lie in the image.</summary>
public static unsafe class FrozenObjectCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("FrozenObject.Arrays"u8, &Arrays, ref log, 12);
        runner.Run("FrozenObject.ArraysOfStructs"u8, &ArraysOfStructs, ref log, 8);
        runner.Run("FrozenObject.JaggedArrays"u8, &JaggedArrays, ref log, 8);
        runner.Run("FrozenObject.Objects"u8, &Objects, ref log, 4);
        runner.Run("FrozenObject.EmptyArrays"u8, &EmptyArrays, ref log, 4);
        runner.Run("FrozenObject.SealedReceivers"u8, &SealedReceivers, ref log, 4);
        runner.Run("FrozenObject.InheritedObjects"u8, &InheritedObjects, ref log, 4);
    }

    private static readonly int[] s_numbers = [3, 1, 4, 1, 5, 9, 2, 6];
    private static readonly string[] s_words = ["zero", "one", "two"];
    private static readonly int[][] s_ragged = [[], [1], [], [2, 3]];

    public static void EmptyArrays(ref Log log)
    {
        foreach (var row in s_ragged)
        {
            log.Add(row.Length);
        }
        log.Add(ReferenceEquals(s_ragged[0], s_ragged[2]));
        log.Add(ReferenceEquals(s_ragged[0], Array.Empty<int>()));
        log.Add(Array.Empty<long>().Length + s_ragged[log.Below(4)].Length);
    }

    private interface INamed
    {
        int Name(int n);
    }

    private abstract class Shape : INamed
    {
        public abstract int Sides { get; }

        public virtual int Area(int n) => n;

        public int Name(int n) => n + 5;
    }

    private class Box : Shape
    {
        public sealed override int Sides => 4;

        public override int Area(int n) => n * n;
    }

    private sealed class Cube(int depth) : Box
    {
        public override int Area(int n) => base.Area(n) * depth;
    }

    private static readonly Box s_box = new();
    private static readonly Cube s_cube = new(6);

    private static int AreaOf<T>(T shape, int n)
        where T : Shape => shape.Area(n) + shape.Sides;

    /// <summary>Virtual calls that one method only can answer.</summary>
    public static void SealedReceivers(ref Log log)
    {
        int n = log.Below(100);
        log.Add(s_box.Sides);
        log.Add(s_cube.Sides);
        log.Add(s_cube.Area(n));
        log.Add(AreaOf(s_cube, n));
        log.Add(((INamed)s_cube).Name(n));
    }

    private static readonly int[] s_scratch = new int[4];

    public static void Arrays(ref Log log)
    {
        log.Add(s_numbers[log.Below(8)]);
        log.Add(s_numbers.Length);
        log.Add(s_words[log.Below(3)]!.Length);
        s_scratch[log.Below(4)] = log.NextInt();
        int sum = 0;
        foreach (int value in s_scratch)
        {
            sum ^= value;
        }
        log.Add(sum);
        s_scratch.AsSpan().Clear();
        ReadOnlySpan<int> view = s_numbers;
        log.Add(view[2..5].IndexOf(5));
        log.Add(s_numbers[log.Below(10)]);
    }

    private readonly record struct Entry(byte Key, string Name, long Value);

    private static readonly Entry[] s_entries = [new(1, "one", 100), new(2, "two", 200), new(9, "nine", -900)];

    public static void ArraysOfStructs(ref Log log)
    {
        ref readonly var entry = ref s_entries[log.Below(3)];
        log.Add(entry.Key + entry.Value);
        log.Add(entry.Name[0]);
        foreach (var each in s_entries)
        {
            log.Add(each.Value * each.Name.Length);
        }
    }

    private static readonly int[][] s_rows = [[1], [2, 3], [4, 5, 6]];

    public static void JaggedArrays(ref Log log)
    {
        var row = s_rows[log.Below(3)];
        log.Add(row[^1]);
        log.Add(row.Length);
    }

    private sealed class Settings(int limit, string name)
    {
        private int _uses;

        public int Limit { get; } = limit;

        public string Name => name;

        public int Use() => _uses++ + Limit;

        public void Reset() => _uses = 0;
    }

    private static readonly Settings s_settings = new(40, "main");

    public static void Objects(ref Log log)
    {
        log.Add(s_settings.Use());
        log.Add(s_settings.Use());
        log.Add(s_settings.Name.Length);
        log.Add(s_settings.Limit);
        s_settings.Reset();
    }

    private abstract class Animal(int legs)
    {
        protected readonly int _legs = legs;

        public int Legs => _legs;
    }

    private sealed class Dog(int age) : Animal(4)
    {
        public long Sum() => (_legs * 1000L) + age;
    }

    private static readonly Dog s_dog = new(7);

    public static void InheritedObjects(ref Log log)
    {
        log.Add(s_dog.Legs);
        log.Add(s_dog.Sum());
    }
}
