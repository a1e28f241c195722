using System.Collections.Generic;

namespace Rvirt.Aot.Ir;

/// <summary>A straight run of instructions that ends in one terminator.</summary>
public sealed class IrBlock(string name)
{
    public string Name { get; } = name;

    public List<IrInstruction> Instructions { get; } = [];

    public IrTerminator? Terminator => Instructions.Count > 0 ? Instructions[^1] as IrTerminator : null;
}

/// <summary>A local variable or parameter as the debugger shows it.</summary>
public sealed record IrVariable(string Name, TypeShape Shape, int ParameterNumber);

public enum InlinePolicy
{
    Default,
    Always,
    Never,
}

/// <summary>A function: internal unless it is exported; one without blocks is defined elsewhere.</summary>
public sealed class IrFunction(string symbol, string displayName, IrType returnType, IReadOnlyList<IrParameter> parameters)
{
    public string Symbol { get; } = symbol;

    /// <summary>C# name, for messages and debuggers.</summary>
    public string DisplayName { get; } = displayName;

    public IrType ReturnType { get; } = returnType;

    public string ReturnAttributes { get; init; } = "";

    public IReadOnlyList<IrParameter> Parameters { get; } = parameters;

    public List<IrSlot> Slots { get; } = [];

    public List<IrBlock> Blocks { get; } = [];

    public bool IsExported { get; set; }

    public bool IsDeclaration => Blocks.Count == 0;

    public InlinePolicy Inlining { get; set; }

    /// <summary>Runs seldom; calls to it are unlikely.</summary>
    public bool IsCold { get; set; }

    /// <summary>Compiled for size: reached through cold functions alone.</summary>
    public bool IsForSize { get; set; }

    public bool NoReturn { get; set; }

    /// <summary>Where the C# method starts; null where there is no source.</summary>
    public IrLocation? Location { get; set; }

    /// <summary>Section to place the code in, or null.</summary>
    public string? Section { get; set; }
}
