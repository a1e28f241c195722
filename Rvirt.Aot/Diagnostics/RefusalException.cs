using System;

namespace Rvirt.Aot.Diagnostics;

/// <summary>Abandons the statement being compiled: it uses something that cannot be compiled.</summary>
public sealed class RefusalException(DiagnosticCode code, string message) : Exception(message)
{
    public DiagnosticCode Code { get; } = code;

    /// <summary>Where the cause stands, if not where the statement does.</summary>
    public Ir.IrLocation? Location { get; init; }
}
