using System.Collections.Generic;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Diagnostics;

/// <summary>One error: what, where in the user's C#, and by which calls the code is reached.</summary>
public sealed record Diagnostic(DiagnosticCode Code, string Message, IrLocation? Location, IReadOnlyList<string> Chain)
{
    /// <summary>Formats as MSBuild and editors read it: <c>file(line,col): error RVA0012: text</c>.</summary>
    public override string ToString()
    {
        var place = Location is null ? "Rvirt.Aot" : $"{Location.File}({Location.Line},{Location.Column})";
        var chain = Chain.Count == 0 ? "" : $" (reached through {string.Join(" / ", Chain)})";
        return $"{place}: error RVA{(int)Code:D4}: {Message}{chain}";
    }
}

/// <summary>Collects errors, each once.</summary>
public sealed class DiagnosticBag
{
    private readonly HashSet<(DiagnosticCode, string, IrLocation?)> _seen = [];
    private readonly List<Diagnostic> _all = [];

    public IReadOnlyList<Diagnostic> All => _all;

    public bool HasErrors => _all.Count > 0;

    public void Add(Diagnostic diagnostic)
    {
        if (_seen.Add((diagnostic.Code, diagnostic.Message, diagnostic.Location)))
        {
            _all.Add(diagnostic);
        }
    }

    public void Add(DiagnosticCode code, string message) => Add(new Diagnostic(code, message, null, []));
}
