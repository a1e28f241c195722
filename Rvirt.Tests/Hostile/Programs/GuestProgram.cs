using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>A bare-metal guest of guests/hostile, and what it must print and come to wherever it runs.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Source">Assembly for both assemblers: the test assembler, and clang.</param>
/// <param name="Lines">The lines it prints. Of the characters, <c>?</c> stands for 6 or 7, <c>*</c> for 4 or 5, <c>~</c> for a dot, 6 or 7.</param>
/// <param name="End">How it ends; null where it must go on for ever.</param>
/// <param name="VirtioVersion">Version of the virtio transport in its first slot, which holds an entropy device.</param>
/// <param name="Harts">How many harts it has.</param>
internal sealed record GuestProgram(string Name, string Source, IReadOnlyList<string> Lines, StopReason? End, uint VirtioVersion = 2, uint Harts = 1)
{
    /// <summary>Where programs are linked and loaded.</summary>
    public const ulong Address = 0x8020_0000;

    /// <summary>First address of their RAM.</summary>
    public const ulong RamBase = 0x8000_0000;

    /// <summary>Bytes of their RAM.</summary>
    public const ulong RamLength = 16 << 20;

    /// <summary>The address behind their RAM.</summary>
    public const ulong RamEnd = RamBase + RamLength;

    /// <summary>A program of files in guests/hostile and text; the run-time part comes first.</summary>
    public static string Compose(IEnumerable<string> files, params (string Name, ulong Value)[] constants) =>
        string.Concat(constants.Select(c => string.Create(CultureInfo.InvariantCulture, $".equ {c.Name}, {c.Value}\n")))
        + string.Concat(files.Prepend("runtime.s").Select(file => File.ReadAllText(Path.Combine(Repository.Top, "guests", "hostile", file)) + "\n"));

    /// <summary>Whether a line is one of the lines it may print at a place.</summary>
    public static bool Matches(string expected, string actual)
    {
        if (expected.Length != actual.Length)
        {
            return false;
        }

        for (var i = 0; i < expected.Length; i++)
        {
            var fits = expected[i] switch
            {
                '?' => actual[i] is '6' or '7',
                '*' => actual[i] is '4' or '5',
                '~' => actual[i] is '.' or '6' or '7',
                _ => actual[i] == expected[i],
            };
            if (!fits)
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => Name;
}
