using System.Collections.Generic;
using ICSharpCode.Decompiler.TypeSystem;
using ICSharpCode.Decompiler.TypeSystem.Implementation;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;
using Rvirt.Aot.Lowering;

namespace Rvirt.Aot.Intrinsics;

/// <summary>A call of a method the compiler knows, with its arguments compiled.</summary>
public sealed class IntrinsicCall(MethodLowering lowering, IMethod method, Operand[] arguments)
{
    public MethodLowering Lowering { get; } = lowering;

    public IrBuilder B => Lowering.Builder;

    public IMethod Method { get; } = method;

    public Operand[] Arguments { get; } = arguments;

    public IReadOnlyList<IType> TypeArguments => Method.TypeArguments;

    public LayoutEngine Layouts => Lowering.Program.Layouts;

    public TypeShape Shape(int typeArgument) => Layouts.ShapeOf(TypeArguments[typeArgument]);

    /// <summary>Shape of what a parameter refers to or points at.</summary>
    public TypeShape Pointee(int parameter) => Layouts.ShapeOf(((TypeWithElementType)Method.Parameters[parameter].Type).ElementType);

    public TypeShape Result => Layouts.ShapeOf(Method.ReturnType);

    public IrValue Value(int index)
    {
        MethodLowering.RefuseBoxed(Arguments[index]);
        return Arguments[index].Value;
    }

    public IrValue Pointer(int index) => B.Convert(Value(index), IrType.Pointer, signed: true);

    /// <summary>An argument as 64 bits, sign-extended as <c>int</c> and <c>nint</c> are.</summary>
    public IrValue Long(int index) => B.Convert(Value(index), IrType.I64, IsSigned(index));

    public bool IsSigned(int parameter) => Layouts.ShapeOf(Method.Parameters[parameter].Type).IsSigned;

    public static Operand Of(IrValue value) => new(value);

    public static Operand Bool(bool value) => new(IrConstant.Int32(value ? 1 : 0));

    public Operand Bool(IrValue condition) => new(B.Convert(condition, IrType.I32, signed: false));

    public static Operand Nothing { get; } = new(new IrUndefined(IrType.I32));

    /// <summary>Reads a value of a shape, struct or not.</summary>
    public Operand Read(IrValue address, TypeShape shape, int alignment, bool isVolatile = false)
    {
        if (!shape.IsAggregate)
        {
            return new Operand(Lowering.LoadScalar(address, shape, alignment, isVolatile));
        }
        var copy = Lowering.Temporary(shape);
        Lowering.FillTemporary(copy, address, shape, alignment);
        return new Operand(copy, shape, IsOwned: true);
    }

    public void Write(IrValue address, Operand value, TypeShape shape, int alignment, bool isVolatile = false)
    {
        if (shape.IsAggregate)
        {
            Lowering.CopyStruct(address, value.Value, shape, alignment);
        }
        else
        {
            Lowering.StoreScalar(value.Value, address, shape, alignment, isVolatile);
        }
    }
}
