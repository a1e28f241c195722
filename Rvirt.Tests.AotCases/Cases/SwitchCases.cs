using System;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>Switches of every form: tables, sparse values, strings, tuples, patterns.</summary>
public static unsafe class SwitchCases
{
    private const int Many = 40;

    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Switch.DenseSwitch"u8, &DenseSwitch, ref log, Many);
        runner.Run("Switch.SparseSwitch"u8, &SparseSwitch, ref log, Many);
        runner.Run("Switch.LongSwitch"u8, &LongSwitch, ref log, Many);
        runner.Run("Switch.NegativeSwitch"u8, &NegativeSwitch, ref log, Many);
        runner.Run("Switch.CharSwitch"u8, &CharSwitch, ref log, Many);
        runner.Run("Switch.StringSwitch"u8, &StringSwitch, ref log, Many);
        runner.Run("Switch.TupleSwitch"u8, &TupleSwitch, ref log, Many);
        runner.Run("Switch.PatternSwitch"u8, &PatternSwitch, ref log, Many);
        runner.Run("Switch.ListPattern"u8, &ListPattern, ref log, Many);
    }

    public static void DenseSwitch(ref Log log)
    {
        int result;
        switch (log.Below(12))
        {
            case 0:
                result = 100;
                break;
            case 1:
            case 2:
                result = 200;
                break;
            case 3:
                result = 300;
                goto case 5;
            case 4:
                result = 400;
                goto default;
            case 5:
                result = 500;
                break;
            case 7:
                return;
            case 8:
                result = log.Below(3);
                break;
            default:
                result = -1;
                break;
        }
        log.Add(result);
    }

    public static void SparseSwitch(ref Log log) => log.Add(log.NextInt() switch
    {
        0 => 1,
        1 => 2,
        -1 => 3,
        int.MinValue => 4,
        int.MaxValue => 5,
        0x80 => 6,
        0x100 => 7,
        0x8000 => 8,
        _ => 9,
    });

    public static void LongSwitch(ref Log log) => log.Add(log.Next() switch
    {
        0 => 1,
        ulong.MaxValue => 2,
        0x8000_0000_0000_0000 => 3,
        0x1_0000_0000 => 4,
        0xffff_ffff => 5,
        0x8000_0000 => 6,
        _ => 7,
    });

    public static void NegativeSwitch(ref Log log) => log.Add((log.Below(9) - 4) switch
    {
        -4 => 11,
        -3 => 22,
        -2 => 33,
        -1 => 44,
        0 => 55,
        1 => 66,
        _ => 77,
    });

    public static void CharSwitch(ref Log log) => log.Add((char)('a' + log.Below(8)) switch
    {
        'a' => 1,
        'b' or 'c' => 2,
        >= 'e' and <= 'f' => 3,
        _ => 4,
    });

    private static string Word(int index) => index switch
    {
        0 => "alpha",
        1 => "beta",
        2 => "gamma",
        3 => "delta",
        4 => "epsilon",
        5 => "zeta",
        6 => "eta",
        7 => "theta",
        _ => "",
    };

    public static void StringSwitch(ref Log log)
    {
        string word = Word(log.Below(10));
        int value = word switch
        {
            "alpha" => 1,
            "beta" => 2,
            "gamma" => 3,
            "delta" => 4,
            "epsilon" => 5,
            "zeta" => 6,
            "eta" => 7,
            "" => 8,
            _ => 9,
        };
        log.Add(value);
        log.Add(word.Length);
        log.Add(word == "theta");
        log.Add(word.Length > 0 ? word[0] : '?');
    }

    public static void TupleSwitch(ref Log log)
    {
        int a = log.Below(3);
        bool b = log.Below(2) == 0;
        log.Add((a, b) switch
        {
            (0, true) => 1,
            (0, false) => 2,
            (1, _) => 3,
            (_, true) => 4,
            _ => 5,
        });
        (int x, int y) = (a, a * 7);
        (x, y) = (y, x);
        log.Add(x);
        log.Add(y);
        var named = (Left: a, Right: b, More: (byte)(a + 250));
        log.Add(named.More);
        log.Add(named == (a, b, (byte)250));
    }

    private readonly struct Shape(int kind, int width, int height)
    {
        public readonly int Kind = kind;

        public int Width { get; } = width;

        public int Height { get; } = height;

        public void Deconstruct(out int width, out int height)
        {
            width = Width;
            height = Height;
        }
    }

    public static void PatternSwitch(ref Log log)
    {
        var shape = new Shape(log.Below(4), log.Below(5), log.Below(5));
        log.Add(shape switch
        {
            { Kind: 0 } => 1,
            { Kind: 1, Width: > 2 } => 2,
            { Kind: 1, Width: var w, Height: 0 } => 3 + w,
            (0, 0) => 100,
            (var w, var h) when w == h => 200 + w,
            { Kind: 2 or 3, Height: var h } => 300 + h,
            _ => 400,
        });
    }

    public static void ListPattern(ref Log log)
    {
        Span<int> values = stackalloc int[5];
        foreach (ref int value in values)
        {
            value = log.Below(3);
        }
        log.Add(values[..log.Below(6)] switch
        {
            [] => 1,
            [0] => 2,
            [var only] => 3 + only,
            [1, ..] => 10,
            [.., 2] => 11,
            [_, var second, .. var rest] => 20 + second + rest.Length,
        });
    }
}
