using System.Collections.Generic;
using System.Globalization;
using System.Text;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Layout;
using Rvirt.Aot.Loading;

namespace Rvirt.Aot.Linking;

/// <summary>Writes the layout of <c>[AsmOffsets]</c> structs as defines for assembly files.</summary>
public static class AsmOffsetsFile
{
    public const string FileName = "rvirt_offsets.inc";

    /// <summary>The include's text, for all such structs in the program.</summary>
    public static string Build(IEnumerable<MetadataModule> modules, LayoutEngine layouts)
    {
        var text = new StringBuilder("/* Generated from the structs' layouts. */\n");
        foreach (var module in modules)
        {
            if (module.AssemblyName.StartsWith("System.", System.StringComparison.Ordinal))
            {
                continue;
            }
            foreach (var type in module.TypeDefinitions)
            {
                if (type.Kind != TypeKind.Struct || Attributes.Find(type, Attributes.AsmOffsets)?.Argument<string>(0) is not { } prefix)
                {
                    continue;
                }
                var shape = layouts.ShapeOf(type);
                foreach (var place in shape.Fields)
                {
                    text.Append(CultureInfo.InvariantCulture, $"#define {prefix}_{Snake(place.Field.Name)} {place.Offset}\n");
                }
                text.Append(CultureInfo.InvariantCulture, $"#define {prefix}_SIZE {shape.Size}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>PascalCase to UPPER_SNAKE_CASE; the names of automatic properties' fields lose their decoration.</summary>
    public static string Snake(string name)
    {
        if (name.StartsWith('<') && name.IndexOf('>') is var end and > 0)
        {
            name = name[1..end];
        }
        name = name.TrimStart('_');
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var boundary = i > 0 && char.IsUpper(name[i])
                && (char.IsLower(name[i - 1]) || char.IsDigit(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (boundary && text[^1] != '_')
            {
                text.Append('_');
            }
            text.Append(char.ToUpperInvariant(name[i]));
        }
        return text.ToString();
    }
}
