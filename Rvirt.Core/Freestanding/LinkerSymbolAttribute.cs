using System;

namespace Rvirt.Core.Freestanding;

/// <summary>Makes a parameterless <c>static extern</c> method that returns a pointer stand for the address of a symbol of the image.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinkerSymbolAttribute : Attribute
{
    /// <summary>Names the symbol, as the linker script or an assembly file defines it.</summary>
    public LinkerSymbolAttribute(string name) => Name = name;

    /// <summary>The symbol's name.</summary>
    public string Name { get; }
}
