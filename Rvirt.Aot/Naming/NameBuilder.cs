using System.Collections.Generic;
using System.Text;
using System.Text.RegularExpressions;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Resolution;

namespace Rvirt.Aot.Naming;

/// <summary>Gives instances and fields readable names and symbols that are unique in the image.</summary>
public sealed partial class NameBuilder
{
    /// <summary>What Roslyn puts before the name of a file-local type: it depends on where the file lies.</summary>
    [GeneratedRegex("<[^<>]*>F[0-9A-F]{64}__")]
    private static partial Regex FileLocal();

    private readonly HashSet<string> _taken = [];

    /// <summary>The methods of each name, in the order they were met in.</summary>
    private readonly Dictionary<string, List<IMethod>> _definitions = [];

    /// <summary>A symbol for an instance: instances of one method differ in their type arguments alone, those of overloads in a number too.</summary>
    /// <seealso cref="DefinitionOf"/>
    public string SymbolOf(MethodInstance instance)
    {
        var display = Of(instance);
        var name = DefinitionOf(display);
        if (!_definitions.TryGetValue(name, out var overloads))
        {
            _definitions.Add(name, overloads = []);
        }
        var index = overloads.IndexOf(instance.Definition);
        if (index < 0)
        {
            index = overloads.Count;
            overloads.Add(instance.Definition);
        }
        var numbered = $"{display}~{index + 1}";
        return Unique(index == 0 && !_taken.Contains(display) ? display : numbered);
    }

    /// <summary>What all instances of a method have in common in their symbols, and no other method has: the symbol without type arguments.</summary>
    public static string DefinitionOf(string symbol)
    {
        var text = new StringBuilder();
        var depth = 0;
        foreach (var character in symbol)
        {
            depth += character == '<' ? 1 : 0;
            if (depth == 0)
            {
                text.Append(character);
            }
            depth -= character == '>' ? 1 : 0;
        }
        return text.ToString();
    }

    /// <summary>A symbol nobody else has, as close to <paramref name="wanted"/> as possible.</summary>
    public string Unique(string wanted)
    {
        var name = wanted;
        for (var i = 2; !_taken.Add(name); i++)
        {
            name = $"{wanted}~{i}";
        }
        return name;
    }

    /// <summary>Keeps a symbol for an export or an import.</summary>
    public void Reserve(string symbol) => _taken.Add(symbol);

    public static string Of(MethodInstance instance)
    {
        var text = new StringBuilder();
        AppendType(text, instance.Method.DeclaringType);
        text.Append('.').Append(instance.Definition.Name);
        AppendArguments(text, instance.MethodArguments);
        if (instance.SelfType is not null)
        {
            text.Append('@');
            AppendType(text, instance.SelfType);
        }
        return text.ToString();
    }

    public static string Of(IType type)
    {
        var text = new StringBuilder();
        AppendType(text, type);
        return text.ToString();
    }

    private static void AppendType(StringBuilder text, IType type)
    {
        switch (type)
        {
            case PointerType pointer:
                AppendType(text, pointer.ElementType);
                text.Append('*');
                return;
            case ByReferenceType reference:
                text.Append("ref ");
                AppendType(text, reference.ElementType);
                return;
            case ArrayType array:
                AppendType(text, array.ElementType);
                text.Append("[]");
                return;
        }
        switch (type.GetDefinition()?.KnownTypeCode)
        {
            case KnownTypeCode.Void:
                text.Append("void");
                return;
            case KnownTypeCode.Boolean:
                text.Append("bool");
                return;
            case KnownTypeCode.Byte:
                text.Append("byte");
                return;
            case KnownTypeCode.SByte:
                text.Append("sbyte");
                return;
            case KnownTypeCode.Char:
                text.Append("char");
                return;
            case KnownTypeCode.Int16:
                text.Append("short");
                return;
            case KnownTypeCode.UInt16:
                text.Append("ushort");
                return;
            case KnownTypeCode.Int32:
                text.Append("int");
                return;
            case KnownTypeCode.UInt32:
                text.Append("uint");
                return;
            case KnownTypeCode.Int64:
                text.Append("long");
                return;
            case KnownTypeCode.UInt64:
                text.Append("ulong");
                return;
            case KnownTypeCode.IntPtr:
                text.Append("nint");
                return;
            case KnownTypeCode.UIntPtr:
                text.Append("nuint");
                return;
        }
        text.Append(FileLocal().Replace(type.FullName, ""));
        AppendArguments(text, type.TypeArguments);
    }

    private static void AppendArguments(StringBuilder text, IReadOnlyList<IType> arguments)
    {
        if (arguments.Count == 0)
        {
            return;
        }
        text.Append('<');
        for (var i = 0; i < arguments.Count; i++)
        {
            if (i > 0)
            {
                text.Append(", ");
            }
            AppendType(text, arguments[i]);
        }
        text.Append('>');
    }
}
