using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Spectre.Console;

namespace Rvirt.Benchmarks.Publishing;

/// <summary>
/// Where an image's bytes go, by namespace. What the compiler made part of another function counts there, as there is no telling such code from
/// what surrounds it.
/// </summary>
internal static class SizeReport
{
    /// <summary>What assembly files say, which have no namespaces.</summary>
    public const string Assembly = "assembly";

    /// <summary>Pieces that several cold functions have in common, which the compiler sets apart.</summary>
    public const string Shared = "shared pieces of code";

    /// <summary>Text of messages, and tables.</summary>
    public const string Data = "text and tables";

    /// <summary>What does not take room in the file.</summary>
    public const string Memory = "memory that begins as zero";

    private const string Reader = "llvm-nm-19";

    /// <summary>Shows the bytes of an image.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(string image)
    {
        Repository.Enter();
        if (!File.Exists(image))
        {
            Console.Error.WriteLine($"{image} is missing: run make image");
            return 1;
        }

        using var process = Process.Start(new ProcessStartInfo(Reader, ["-S", "--defined-only", image]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{Reader} did not start");
        var symbols = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            return 1;
        }

        var table = new Table().AddColumn("what").AddColumn(new TableColumn("bytes").RightAligned());
        var sums = Sum(symbols);
        foreach (var (what, bytes) in sums.OrderByDescending(sum => sum.Value).ThenBy(sum => sum.Key, StringComparer.Ordinal))
        {
            table.AddRow(Markup.Escape(what), bytes.ToString(CultureInfo.InvariantCulture));
        }

        AnsiConsole.Write(table);
        return 0;
    }

    /// <summary>Sums the sizes of symbols, by what they belong to.</summary>
    /// <param name="symbols">Lines as <c>nm -S</c> writes them: address, size, kind and name; those without a size are left out.</param>
    public static Dictionary<string, long> Sum(string symbols)
    {
        var sums = new Dictionary<string, long>();
        foreach (var parts in symbols.Split('\n').Select(line => line.Split(' ', 4)).Where(parts => parts.Length == 4))
        {
            var what = parts[2] is "r" or "R" or "d" or "D" ? Data : parts[2] is "b" or "B" ? Memory : NamespaceOf(parts[3]);
            sums[what] = sums.GetValueOrDefault(what) + long.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        return sums;
    }

    // A function is called NAMESPACE.TYPE<...>.METHOD<...>; a constructor's method is .ctor.
    private static string NamespaceOf(string function)
    {
        if (function.StartsWith("OUTLINED_FUNCTION", StringComparison.Ordinal))
        {
            return Shared;
        }

        var words = function.Split('<', 2)[0].Replace("..", ".", StringComparison.Ordinal).Split('.');
        var generic = function.Contains('<', StringComparison.Ordinal) && IsGenericType(function);
        var length = words.Length - (generic ? 1 : 2);
        return length <= 0 ? Assembly : string.Join('.', words.Take(length));
    }

    // Whether a name follows the first list of type arguments, as that of a type's does.
    private static bool IsGenericType(string function)
    {
        var depth = 0;
        for (var i = function.IndexOf('<', StringComparison.Ordinal); i < function.Length; i++)
        {
            depth += function[i] switch { '<' => 1, '>' => -1, _ => 0 };
            if (depth == 0)
            {
                return i + 1 < function.Length && function[i + 1] == '.';
            }
        }

        return false;
    }
}
