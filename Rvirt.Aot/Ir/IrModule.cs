using System.Collections.Generic;

namespace Rvirt.Aot.Ir;

/// <summary>A place in the initial bytes of a global that holds the address of a symbol.</summary>
public sealed record IrRelocation(int Offset, string Symbol, long Addend);

/// <summary>A static field or constant data.</summary>
public sealed class IrGlobal(string symbol, int size, int alignment)
{
    public string Symbol { get; } = symbol;

    public int Size { get; } = size;

    public int Alignment { get; } = alignment;

    /// <summary>Initial bytes; null is all zeroes.</summary>
    public byte[]? Data { get; set; }

    public List<IrRelocation> Relocations { get; } = [];

    public bool IsConstant { get; set; }

    /// <summary>True for a symbol that the linker script or an assembly file defines.</summary>
    public bool IsExternal { get; init; }

    /// <summary>C# name and type of a static field, for the debugger; null for other data.</summary>
    public IrVariable? Variable { get; init; }
}

/// <summary>A whole program.</summary>
public sealed class IrModule
{
    public Dictionary<string, IrFunction> Functions { get; } = [];

    public Dictionary<string, IrGlobal> Globals { get; } = [];
}
