using System;
using System.Collections.Generic;
using System.Globalization;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Naming;

namespace Rvirt.Aot.Llvm;

/// <summary>C# types as the debugger shows them: primitives, enums with their names, pointers, structs with their fields.</summary>
internal sealed class DebugTypes(Func<string, int> add, Func<int> reserve, Action<int, string> set)
{
    private readonly Dictionary<IType, int?> _types = [];

    /// <summary>The node of a type, or null for one the debugger cannot show.</summary>
    public int? For(TypeShape shape)
    {
        if (_types.TryGetValue(shape.Type, out var node))
        {
            return node;
        }
        var name = DebugMetadata.Escape(NameBuilder.Of(shape.Type));
        switch (shape.Kind)
        {
            case ShapeKind.Integer when shape.Type.Kind == TypeKind.Enum:
                node = Enum(shape, name);
                break;
            case ShapeKind.Integer:
                node = Integer(shape, shape.Type, name);
                break;
            case ShapeKind.Pointer:
                node = Pointer(shape);
                break;
            case ShapeKind.Aggregate:
                var own = reserve();
                _types.Add(shape.Type, own);
                Struct(shape, name, own);
                return own;
            default:
                node = null;
                break;
        }
        _types[shape.Type] = node;
        return node;
    }

    private int Integer(TypeShape shape, IType type, string name)
    {
        var encoding = type.GetDefinition()?.KnownTypeCode switch
        {
            KnownTypeCode.Boolean => "DW_ATE_boolean",
            KnownTypeCode.Char => "DW_ATE_UTF",
            _ => shape.IsSigned ? "DW_ATE_signed" : "DW_ATE_unsigned",
        };
        return add(string.Create(CultureInfo.InvariantCulture, $"!DIBasicType(name: \"{name}\", size: {shape.Size * 8}, encoding: {encoding})"));
    }

    private int Pointer(TypeShape shape)
    {
        if (shape.Pointee?.Invoke() is { IsVoid: false } pointee && For(pointee) is { } target)
        {
            return add($"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: !{target}, size: 64)");
        }
        return add("!DIBasicType(name: \"address\", size: 64, encoding: DW_ATE_address)");
    }

    private int Enum(TypeShape shape, string name)
    {
        var items = new List<string>();
        foreach (var field in shape.Type.GetDefinition()!.Fields)
        {
            if (field is { IsStatic: true, Name: var label } && field.GetConstantValue() is IConvertible value)
            {
                var number = shape.IsSigned
                    ? value.ToInt64(CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)
                    : value.ToUInt64(CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
                items.Add($"!{add($"!DIEnumerator(name: \"{label}\", value: {number}{(shape.IsSigned ? "" : ", isUnsigned: true")})")}");
            }
        }
        var underlying = shape.Type.GetEnumUnderlyingType();
        var integer = Integer(shape, underlying, NameBuilder.Of(underlying));
        return add(string.Create(CultureInfo.InvariantCulture, $"!DICompositeType(tag: DW_TAG_enumeration_type, name: \"{name}\", baseType: !{integer}, size: {shape.Size * 8}, elements: !{add($"!{{{string.Join(", ", items)}}}")})"));
    }

    private void Struct(TypeShape shape, string name, int own)
    {
        var members = new List<string>();
        if (shape.Repeat == 1)
        {
            foreach (var place in shape.Fields)
            {
                if (For(place.Shape) is { } type)
                {
                    members.Add($"!{add(string.Create(CultureInfo.InvariantCulture, $"!DIDerivedType(tag: DW_TAG_member, name: \"{DebugMetadata.Escape(place.Field.Name)}\", scope: !{own}, baseType: !{type}, size: {place.Shape.Size * 8}, offset: {place.Offset * 8})"))}");
                }
            }
        }
        else if (For(shape.Fields[0].Shape) is { } element)
        {
            var range = add(string.Create(CultureInfo.InvariantCulture, $"!DISubrange(count: {shape.Repeat})"));
            var array = add(string.Create(CultureInfo.InvariantCulture, $"!DICompositeType(tag: DW_TAG_array_type, baseType: !{element}, size: {shape.Size * 8}, elements: !{add($"!{{!{range}}}")})"));
            members.Add($"!{add(string.Create(CultureInfo.InvariantCulture, $"!DIDerivedType(tag: DW_TAG_member, name: \"items\", scope: !{own}, baseType: !{array}, size: {shape.Size * 8})"))}");
        }
        set(own, string.Create(CultureInfo.InvariantCulture, $"!DICompositeType(tag: DW_TAG_structure_type, name: \"{name}\", size: {shape.Size * 8}, elements: !{add($"!{{{string.Join(", ", members)}}}")})"));
    }
}
