using System.Runtime.CompilerServices;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.AotCases.Cases;

/// <summary>What the debugger is tested with; it stops at the marked line.</summary>
public static unsafe class DebuggingCases
{
    public static void RunAll<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        runner.Run("Debugging.Values"u8, &Values, ref log);
    }

    internal enum Color : byte
    {
        Red = 1,
        Green = 2,
    }

    internal struct Point
    {
        public int X;
        public long Y;
    }

    [InlineArray(3)]
    internal struct Triple
    {
        private short _first;
    }

    internal struct Scene
    {
        public Point Origin;
        public Color Color;
        public bool IsVisible;
        public Triple Sizes;
        public Scene* Next;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public readonly long Sum(sbyte factor, in Point offset)
        {
            long sum = Origin.X + Origin.Y + offset.Y;
            for (int i = 0; i < 3; i++)
            {
                sum += Sizes[i] * factor; // stop here
            }
            return sum;
        }
    }

    private static Point s_last;

    public static void Values(ref Log log)
    {
        var other = new Scene { Color = Color.Red };
        var scene = new Scene { Origin = new Point { X = -7, Y = 1L << 40 }, Color = Color.Green, IsVisible = true, Next = &other };
        scene.Sizes[0] = 11;
        scene.Sizes[1] = -22;
        scene.Sizes[2] = 33;
        s_last = new Point { X = 5, Y = 6 };
        log.Add(scene.Sum(-3, in s_last));
        s_last = default;
    }
}
