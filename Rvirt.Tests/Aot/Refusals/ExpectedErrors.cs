using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using Rvirt.Aot.Diagnostics;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Refusals;

/// <summary>An error the compiler must give: where and which.</summary>
internal sealed record ExpectedError(string File, int Line, DiagnosticCode Code);

/// <summary>Reads the marks of the sources in <c>Rvirt.Tests.AotCases/Refusals</c>: what follows an export, up to the next, belongs to it.</summary>
internal static partial class ExpectedErrors
{
    [GeneratedRegex("EntryPoint = \"(refuse_[a-z_]+)\"")]
    private static partial Regex Export();

    [GeneratedRegex(@"//(?: RVA(\d{4}))+\s*$")]
    private static partial Regex Mark();

    public static IReadOnlyDictionary<string, IReadOnlyList<ExpectedError>> All { get; } = Read();

    private static Dictionary<string, IReadOnlyList<ExpectedError>> Read()
    {
        var all = new Dictionary<string, IReadOnlyList<ExpectedError>>();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Repository.Top, "Rvirt.Tests.AotCases/Refusals"), "*.cs"))
        {
            var current = new List<ExpectedError>();
            var number = 0;
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (Export().Match(line) is { Success: true } export)
                {
                    current = [];
                    all.Add(export.Groups[1].Value, current);
                }
                foreach (Capture code in Mark().Match(line).Groups[1].Captures)
                {
                    current.Add(new ExpectedError(Path.GetFileName(path), number, (DiagnosticCode)int.Parse(code.Value, CultureInfo.InvariantCulture)));
                }
            }
        }
        return all;
    }
}
