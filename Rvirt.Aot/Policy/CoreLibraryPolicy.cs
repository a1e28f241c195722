using System.Collections.Generic;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;

namespace Rvirt.Aot.Policy;

/// <summary>
/// The types of the framework that programs may call. Others may compile by chance, and drag in half of the core library: they are
/// refused where the program names them.
/// </summary>
public static class CoreLibraryPolicy
{
    /// <summary>Full names, without type parameters; a nested type goes with its outermost one.</summary>
    public static IReadOnlySet<string> AllowedTypes { get; } = new HashSet<string>
    {
        "System.ArgumentException", "System.ArgumentNullException", "System.ArgumentOutOfRangeException",
        "System.BitConverter", "System.Boolean", "System.Buffer", "System.Byte", "System.Char", "System.Enum",
        "System.Index", "System.Int128", "System.Int16", "System.Int32", "System.Int64", "System.IntPtr", "System.Math",
        "System.MemoryExtensions", "System.Nullable", "System.Object", "System.Range", "System.ReadOnlySpan", "System.SByte",
        "System.Span", "System.String", "System.Type", "System.UInt128", "System.UInt16", "System.UInt32", "System.UInt64",
        "System.UIntPtr", "System.ValueTuple", "System.ValueType",
        "System.Buffers.Binary.BinaryPrimitives", "System.Buffers.Text.Utf8Parser",
        "System.Collections.Generic.Comparer", "System.Collections.Generic.EqualityComparer",
        "System.Numerics.BitOperations",
        "System.Runtime.CompilerServices.RuntimeHelpers", "System.Runtime.CompilerServices.Unsafe",
        "System.Runtime.InteropServices.MemoryMarshal", "System.Runtime.InteropServices.NativeMemory",
        "System.Threading.Interlocked", "System.Threading.Thread", "System.Threading.Volatile",
    };

    /// <summary>Members that no allowed type lends: they make text, arrays or objects, or reach for the culture.</summary>
    public static IReadOnlySet<string> RefusedMembers { get; } = new HashSet<string>
    {
        "BinarySearch", "Clone", "Concat", "Create", "Format", "GetEnumerator", "GetSubArray", "Intern", "Insert", "Join", "PadLeft", "PadRight",
        "Parse", "Remove", "Replace", "Sort", "Split", "Substring", "ToArray", "ToCharArray", "ToLower", "ToLowerInvariant", "ToString",
        "ToUpper", "ToUpperInvariant", "TryFormat", "Alloc", "AllocZeroed", "AlignedAlloc", "Free", "AlignedFree", "Realloc",
    };

    /// <summary>Refuses a member of the framework that a program names and may not.</summary>
    /// <param name="member">What is called or read.</param>
    /// <param name="user">The method that names it.</param>
    /// <exception cref="RefusalException">It may not.</exception>
    public static void Check(IMember member, IMethod user)
    {
        if (!IsFramework(member.ParentModule) || IsFramework(user.ParentModule))
        {
            return;
        }
        var type = OutermostOf(member.DeclaringType);
        if (!AllowedTypes.Contains(type))
        {
            if (type == "System.HashCode")
            {
                throw new RefusalException(DiagnosticCode.NotAllowed, "System.HashCode starts from a random number of the process, which an image has not: combine hashes by arithmetic");
            }
            throw new RefusalException(DiagnosticCode.NotAllowed, $"{type} is not among the types of the framework that an image may use");
        }
        if (RefusedMembers.Contains(member.Name) && !IsSpanEnumerator(member))
        {
            throw new RefusalException(DiagnosticCode.NotAllowed, $"{type}.{member.Name} is not for images: {ReasonFor(member.Name)}");
        }
    }

    private static string ReasonFor(string member) => member switch
    {
        "Sort" or "BinarySearch" => "it compares through objects or delegates; write it as a loop",
        "Alloc" or "AllocZeroed" or "AlignedAlloc" or "Free" or "AlignedFree" or "Realloc" => "there is no heap",
        _ => "it makes objects or text",
    };

    /// <summary>A loop over a span makes no object.</summary>
    private static bool IsSpanEnumerator(IMember member) =>
        member is { Name: "GetEnumerator", DeclaringType.FullName: "System.Span" or "System.ReadOnlySpan" or "System.MemoryExtensions" };

    private static string OutermostOf(IType type)
    {
        var definition = type.GetDefinition();
        while (definition?.DeclaringTypeDefinition is { } outer)
        {
            definition = outer;
        }
        return definition?.FullName ?? type.FullName;
    }

    /// <summary>Programs are Rvirt's own assemblies and tests; whatever is of the framework bears its prefix.</summary>
    private static bool IsFramework(IModule? module) =>
        module?.AssemblyName is { } name && (name.StartsWith("System.", System.StringComparison.Ordinal) || name is "System" or "mscorlib" or "netstandard");
}
