using System.Linq;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;
using Rvirt.Aot.Naming;
using Rvirt.Core.Freestanding;

namespace Rvirt.Aot.Lowering;

/// <summary>
/// Objects, arrays and boxes. Boxes exist only at compile time; objects and arrays only in code that is evaluated at compile time.
/// </summary>
public sealed partial class MethodLowering
{
    private Operand NewObject(NewObj construct, IMethod method, IType type)
    {
        var arguments = LowerArguments(construct.Arguments);
        var instance = _b.Emit(new IrAllocate(_program.Layouts.ShapeOf(type), null, _program.Layouts.ObjectSize(type)));
        CallWith(method, [new Operand(instance), .. arguments], null, null, isVirtual: false);
        return new Operand(instance);
    }

    private Operand LowerNewArr(NewArr array)
    {
        if (array.Indices.Count != 1)
        {
            throw new RefusalException(DiagnosticCode.Allocation, "arrays of several dimensions are not supported");
        }
        var length = _b.Convert(LowerScalar(array.Indices[0]), IrType.I64, signed: true);
        return new Operand(_b.Emit(new IrAllocate(ShapeOf(array.Type), length, 0)));
    }

    private IrValue LowerLdLen(LdLen length)
    {
        var array = LowerScalar(length.Array);
        CheckNull(array);
        return _b.Convert(ArrayLength(array), length.ResultType == StackType.I4 ? IrType.I32 : IrType.I64, signed: false);
    }

    private IrValue ArrayLength(IrValue array) => _b.Load(IrType.I32, _b.Field(array, LayoutEngine.ArrayLengthOffset), 4);

    private IrValue LowerLdElema(LdElema element)
    {
        if (element.Indices.Count != 1)
        {
            throw new RefusalException(DiagnosticCode.Allocation, "arrays of several dimensions are not supported");
        }
        var shape = ShapeOf(element.Type);
        var array = LowerScalar(element.Array);
        var index = _b.Convert(LowerScalar(element.Indices[0]), IrType.I64, signed: true);
        CheckNull(array);
        var length = _b.Convert(ArrayLength(array), IrType.I64, signed: false);
        PanicIf(_b.Compare(CompareOp.UnsignedGreaterOrEqual, index, length), PanicKind.IndexOutOfRange);
        var offset = _b.Binary(BinaryOp.Mul, index, IrConstant.Int64(shape.Size));
        return _b.Offset(_b.Field(array, LayoutEngine.ArrayDataOffset), offset, inBounds: true);
    }

    private Operand LowerBox(Box box)
    {
        var type = Close(box.Type);
        var operand = Lower(box.Argument);
        if (type.IsReferenceType == true)
        {
            return operand;
        }
        if (operand.Aggregate is { } shape && !operand.IsOwned)
        {
            operand = new Operand(CopyToTemporary(operand.Value, shape), shape, IsOwned: true);
        }
        return operand with { Boxed = type };
    }

    private Operand LowerUnboxAny(UnboxAny unbox)
    {
        var type = Close(unbox.Type);
        var operand = Lower(unbox.Argument);
        if (operand.Boxed is { } boxed && SameRepresentation(boxed, type))
        {
            return operand with { Boxed = null };
        }
        if (operand.Boxed is null && type.IsReferenceType == true && IsKnownToBe(unbox.Argument, type))
        {
            return operand;
        }
        throw new RefusalException(DiagnosticCode.Boxing, $"unboxing to {NameBuilder.Of(type)}");
    }

    private Operand LowerUnbox(Unbox unbox)
    {
        var type = Close(unbox.Type);
        var operand = Lower(unbox.Argument);
        if (operand.Boxed is not { } boxed || !SameRepresentation(boxed, type))
        {
            throw new RefusalException(DiagnosticCode.Boxing, $"unboxing to {NameBuilder.Of(type)}");
        }
        var shape = _program.Layouts.ShapeOf(type);
        var temporary = Temporary(shape);
        if (operand.Aggregate is not null)
        {
            FillTemporary(temporary, operand.Value, shape, shape.Alignment);
        }
        else
        {
            StoreScalar(operand.Value, temporary, shape, shape.Alignment);
        }
        return new Operand(temporary);
    }

    private static bool SameRepresentation(IType boxed, IType wanted) =>
        boxed.Equals(wanted)
        || (boxed.Kind == TypeKind.Enum && boxed.GetEnumUnderlyingType().Equals(wanted))
        || (wanted.Kind == TypeKind.Enum && wanted.GetEnumUnderlyingType().Equals(boxed));

    private Operand LowerIsInst(IsInst test)
    {
        var type = Close(test.Type);
        var operand = Lower(test.Argument);
        if (operand.Boxed is not { } boxed)
        {
            throw new RefusalException(DiagnosticCode.TypeTest, $"test for {NameBuilder.Of(type)} of an object whose type is not known");
        }
        var matches = boxed.Equals(type) || boxed.GetAllBaseTypes().Any(candidate => candidate.Equals(type));
        return matches ? operand : new Operand(IrConstant.Null);
    }

    private Operand LowerCastClass(CastClass cast)
    {
        var type = Close(cast.Type);
        var operand = Lower(cast.Argument);
        if (operand.Boxed is not null)
        {
            throw new RefusalException(DiagnosticCode.Boxing, "cast of a boxed value");
        }
        // Objects carry no type at run time: a cast that could fail cannot be checked.
        return IsKnownToBe(cast.Argument, type)
            ? operand
            : throw new RefusalException(DiagnosticCode.TypeTest, $"cast to {NameBuilder.Of(type)} of an object whose type is not known");
    }

    /// <summary>True when an object is of a type, as far as types at compile time say.</summary>
    private bool IsKnownToBe(ILInstruction value, IType type)
    {
        if (value is LdNull)
        {
            return true;
        }
        var known = Close(value.InferType(_program.Compilation));
        return known.Equals(type) || known.GetAllBaseTypes().Any(candidate => candidate.Equals(type));
    }

    /// <summary>A handle of a field with constant data is the address of that data; other handles mean nothing here.</summary>
    private Operand LowerLdMemberToken(LdMemberToken token)
    {
        if (token.Member is IField field && Statics.FrozenData.MappedAddress(field) is { } address)
        {
            return new Operand(_program.Data.Mapped((MetadataModule)field.ParentModule!, (IField)field.MemberDefinition, address));
        }
        throw new RefusalException(DiagnosticCode.RunTimeType, $"handle of {token.Member.FullName}");
    }
}
