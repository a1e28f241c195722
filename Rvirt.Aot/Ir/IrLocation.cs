namespace Rvirt.Aot.Ir;

/// <summary>A place in C# source that an instruction comes from.</summary>
public sealed record IrLocation(string File, int Line, int Column);
