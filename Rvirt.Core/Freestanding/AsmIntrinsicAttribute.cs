using System;

namespace Rvirt.Core.Freestanding;

/// <summary>
/// Lowers a <c>static extern</c> method to inline assembly: every call becomes the template, never a call.
/// </summary>
/// <remarks>
/// Operands are numbered as LLVM does: <c>$0</c> is the result if the method returns a value, the parameters follow in order,
/// each in an integer register. The assembly is never removed or moved across another one. Runs only on the target: a desktop run
/// that reaches such a method fails to load it.
/// </remarks>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AsmIntrinsicAttribute : Attribute
{
    /// <summary>Makes the method stand for <paramref name="template"/>, for example <c>csrr $0, time</c>.</summary>
    public AsmIntrinsicAttribute(string template) => Template = template;

    /// <summary>The assembly text; lines are separated by newlines.</summary>
    public string Template { get; }

    /// <summary>True when the assembly may read or write memory, so that no memory access is kept across it.</summary>
    public bool ClobbersMemory { get; init; }

    /// <summary>Names of registers the assembly overwrites besides its result, separated by commas.</summary>
    public string Clobbers { get; init; } = "";
}
