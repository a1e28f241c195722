using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Reflection;
using System.Reflection.Metadata;
using ICSharpCode.Decompiler.TypeSystem;
using ICSharpCode.Decompiler.TypeSystem.Implementation;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Loading;

namespace Rvirt.Aot.Layout;

/// <summary>Sizes, alignments and field offsets, the same as the 64-bit runtime's.</summary>
public sealed class LayoutEngine
{
    /// <summary>An object starts with its type descriptor.</summary>
    public const int ObjectHeaderSize = 8;

    /// <summary>Offset of an array's length.</summary>
    public const int ArrayLengthOffset = 8;

    /// <summary>Offset of an array's first element.</summary>
    public const int ArrayDataOffset = 16;

    private readonly Dictionary<IType, TypeShape> _shapes = [];
    private readonly Dictionary<IType, IReadOnlyList<FieldPlace>> _classes = [];
    private readonly Dictionary<IType, Dictionary<IField, FieldPlace>> _fieldMaps = [];

    /// <summary>The shape of a closed type.</summary>
    public TypeShape ShapeOf(IType type)
    {
        if (!_shapes.TryGetValue(type, out var shape))
        {
            shape = Compute(type);
            _shapes.Add(type, shape);
        }
        return shape;
    }

    /// <summary>Where an instance field of a closed type lies.</summary>
    public FieldPlace PlaceOf(IType declaringType, IField field)
    {
        if (!_fieldMaps.TryGetValue(declaringType, out var map))
        {
            var places = declaringType.IsReferenceType == true ? ClassFields(declaringType) : ShapeOf(declaringType).Fields;
            map = places.ToDictionary(place => (IField)place.Field.MemberDefinition);
            _fieldMaps.Add(declaringType, map);
        }
        return map.TryGetValue((IField)field.MemberDefinition, out var found)
            ? found
            : throw new RefusalException(DiagnosticCode.UnresolvedMember, $"field {field.FullName} was not found");
    }

    /// <summary>Instance fields of a class, base classes first, after the header.</summary>
    public IReadOnlyList<FieldPlace> ClassFields(IType type)
    {
        if (_classes.TryGetValue(type, out var known))
        {
            return known;
        }
        var places = new List<FieldPlace>();
        var offset = ObjectHeaderSize;
        if (type.DirectBaseTypes.FirstOrDefault(candidate => candidate.Kind == TypeKind.Class) is { } parent && parent.FullName != "System.Object")
        {
            places.AddRange(ClassFields(parent));
            offset = places.Count == 0 ? offset : places.Max(place => place.Offset + place.Shape.Size);
        }
        foreach (var (field, shape) in InstanceFields(type))
        {
            offset = Align(offset, shape.Alignment);
            places.Add(new FieldPlace(field, shape, offset));
            offset += shape.Size;
        }
        _classes.Add(type, places);
        return places;
    }

    /// <summary>Bytes of an object of a class, header included.</summary>
    public int ObjectSize(IType type) =>
        Align(ClassFields(type).Select(place => place.Offset + place.Shape.Size).Append(ObjectHeaderSize).Max(), 8);

    public static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    /// <summary>True when values of the type hold references to objects.</summary>
    public bool ContainsReferences(IType type)
    {
        if (type.Kind is TypeKind.Pointer or TypeKind.FunctionPointer)
        {
            return false;
        }
        if (type.Kind == TypeKind.ByReference)
        {
            return true;
        }
        if (type.IsReferenceType == true)
        {
            return true;
        }
        var shape = ShapeOf(type);
        return shape.IsAggregate && shape.Fields.Any(place => ContainsReferences(place.Shape.Type));
    }

    private static TypeShape Integer(IType type, int size, bool signed) => new(type, ShapeKind.Integer, size, size) { IsSigned = signed };

    private TypeShape Compute(IType type)
    {
        switch (type.Kind)
        {
            case TypeKind.Void:
                return new TypeShape(type, ShapeKind.Void, 0, 1);
            case TypeKind.Pointer or TypeKind.ByReference:
                return new TypeShape(type, ShapeKind.Pointer, 8, 8) { Pointee = () => ShapeOf(((TypeWithElementType)type).ElementType) };
            case TypeKind.FunctionPointer or TypeKind.Array or TypeKind.Class or TypeKind.Interface
                or TypeKind.Delegate or TypeKind.Null or TypeKind.Dynamic:
                return new TypeShape(type, ShapeKind.Pointer, 8, 8);
            case TypeKind.Enum:
                return ShapeOf(type.GetEnumUnderlyingType()) is var underlying
                    ? new TypeShape(type, ShapeKind.Integer, underlying.Size, underlying.Alignment) { IsSigned = underlying.IsSigned }
                    : null!;
            case TypeKind.Struct:
                break;
            case TypeKind.ArgList:
                throw new RefusalException(DiagnosticCode.VariableArguments, "argument lists are not supported");
            case TypeKind.TypeParameter:
                throw new RefusalException(DiagnosticCode.Internal, $"type parameter {type.Name} is not known");
            default:
                throw new RefusalException(DiagnosticCode.UnresolvedMember, $"type {type.ReflectionName} could not be resolved");
        }
        switch (type.GetDefinition()!.KnownTypeCode)
        {
            case KnownTypeCode.Boolean or KnownTypeCode.Byte:
                return Integer(type, 1, signed: false);
            case KnownTypeCode.SByte:
                return Integer(type, 1, signed: true);
            case KnownTypeCode.Char or KnownTypeCode.UInt16:
                return Integer(type, 2, signed: false);
            case KnownTypeCode.Int16:
                return Integer(type, 2, signed: true);
            case KnownTypeCode.Int32:
                return Integer(type, 4, signed: true);
            case KnownTypeCode.UInt32:
                return Integer(type, 4, signed: false);
            case KnownTypeCode.Int64 or KnownTypeCode.IntPtr:
                return Integer(type, 8, signed: true);
            case KnownTypeCode.UInt64 or KnownTypeCode.UIntPtr:
                return Integer(type, 8, signed: false);
            case KnownTypeCode.Single:
                return new TypeShape(type, ShapeKind.Float, 4, 4);
            case KnownTypeCode.Double:
                return new TypeShape(type, ShapeKind.Float, 8, 8);
            default:
                return Struct(type);
        }
    }

    private IEnumerable<(IField Field, TypeShape Shape)> InstanceFields(IType type)
    {
        var definition = type.GetDefinition()!;
        var substitution = type.GetSubstitution();
        foreach (var field in definition.Fields)
        {
            if (!field.IsStatic)
            {
                var closed = field.Type.AcceptVisitor(substitution);
                yield return (field, ShapeOf(closed));
            }
        }
    }

    private TypeShape Struct(IType type)
    {
        var definition = type.GetDefinition()!;
        var module = (MetadataModule)definition.ParentModule!;
        var metadata = module.MetadataFile.Metadata;
        var row = metadata.GetTypeDefinition((TypeDefinitionHandle)definition.MetadataToken);
        var declared = row.GetLayout();
        var kind = row.Attributes & TypeAttributes.LayoutMask;
        var pack = declared.PackingSize == 0 ? 8 : declared.PackingSize;
        var wide = definition.FullName is "System.Int128" or "System.UInt128";
        var fields = InstanceFields(type).ToList();
        if (wide)
        {
            pack = 16;
        }
        else if (declared.PackingSize == 0 && fields.Any(field => field.Shape.Alignment > 8))
        {
            pack = 16;
        }

        var places = new List<FieldPlace>();
        var end = 0;
        var alignment = wide ? 16 : 1;
        var isAuto = kind == TypeAttributes.AutoLayout
            || (kind == TypeAttributes.SequentialLayout && fields.Any(field => HasObjectReference(field.Shape)));
        if (kind == TypeAttributes.ExplicitLayout)
        {
            foreach (var (field, shape) in fields)
            {
                var offset = metadata.GetFieldDefinition((FieldDefinitionHandle)field.MetadataToken).GetOffset();
                places.Add(new FieldPlace(field, shape, offset));
                alignment = Math.Max(alignment, Math.Min(shape.Alignment, pack));
                end = Math.Max(end, offset + shape.Size);
            }
            CheckReferences(definition, places);
        }
        else
        {
            // Automatic layout places references first and then the largest fields, as the runtime does.
            var order = isAuto ? fields.OrderByDescending(field => AutoRank(field.Shape)) : fields.AsEnumerable();
            foreach (var (field, shape) in order)
            {
                var fieldAlignment = Math.Min(shape.Alignment, pack);
                end = Align(end, fieldAlignment);
                places.Add(new FieldPlace(field, shape, end));
                end += shape.Size;
                alignment = Math.Max(alignment, fieldAlignment);
            }
        }
        if (kind == TypeAttributes.AutoLayout)
        {
            // The runtime rounds such a struct up to a power of two, no larger than a word, and aligns it so.
            alignment = Math.Max(alignment, (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)end), 8));
        }
        var repeat = 1;
        if (Attributes.Find(definition, Attributes.InlineArray) is { } inline && inline.FixedArguments is [{ Value: int length }])
        {
            repeat = length;
            end = fields[0].Shape.Size * length;
        }
        // A size that is declared is taken as it is, but for fields that lie beyond it.
        var size = Math.Max(declared.Size != 0 ? Math.Max(end, declared.Size) : Align(end, alignment), 1);
        return new TypeShape(type, ShapeKind.Aggregate, size, alignment)
        {
            Fields = places,
            Repeat = repeat,
            IsEmpty = declared.Size <= 1 && fields.All(field => field.Shape.IsEmpty),
        };
    }

    /// <summary>A reference to an object must not share bytes with anything else, nor lie across words.</summary>
    private static void CheckReferences(ITypeDefinition type, List<FieldPlace> places)
    {
        foreach (var place in places.Where(place => HasObjectReference(place.Shape)))
        {
            var isShared = places.Any(other => other != place && other.Offset < place.Offset + place.Shape.Size && place.Offset < other.Offset + other.Shape.Size);
            if (isShared || place.Offset % 8 != 0)
            {
                throw new RefusalException(DiagnosticCode.Layout, $"field {place.Field.Name} of {type.FullName} puts an object reference over other data");
            }
        }
    }

    private static int AutoRank(TypeShape shape) => shape switch
    {
        { Kind: ShapeKind.Pointer, Type.Kind: not (TypeKind.Pointer or TypeKind.FunctionPointer or TypeKind.ByReference) } => 1000,
        { IsAggregate: true } => 0,
        _ => shape.Size,
    };

    private static bool HasObjectReference(TypeShape shape) => shape.Kind == ShapeKind.Pointer
        ? shape.Type.Kind is not (TypeKind.Pointer or TypeKind.FunctionPointer or TypeKind.ByReference)
        : shape.Fields.Any(place => HasObjectReference(place.Shape));
}
