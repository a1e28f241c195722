using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Lowering;

/// <summary>Comparisons and conditions.</summary>
public sealed partial class MethodLowering
{
    /// <summary>Compiles an expression as the condition of a branch.</summary>
    public IrValue LowerCondition(ILInstruction condition)
    {
        if (condition is Comp compare)
        {
            return LowerComp(compare);
        }
        var value = LowerScalar(condition);
        if (value is IrCast { Op: CastOp.ZeroExtend, Value: { Type: var type } inner } && type == IrType.I1)
        {
            return inner;
        }
        return _b.Compare(CompareOp.NotEqual, value, new IrConstant(value.Type, 0));
    }

    private IrValue LowerComp(Comp compare)
    {
        // "x == 0" of a condition is its negation: keeps chains of brfalse free of integers.
        if (compare is { Kind: ComparisonKind.Equality, Right: LdcI4 { Value: 0 }, Left: Comp inner })
        {
            return _b.Not(LowerComp(inner));
        }
        var leftOperand = Lower(compare.Left);
        var rightOperand = Lower(compare.Right);
        if (leftOperand.Boxed is not null || rightOperand.Boxed is not null)
        {
            // A boxed value is never null; nothing else can be said of one at compile time.
            if (compare.Left is LdNull || compare.Right is LdNull || leftOperand.Value is IrConstant { Value: 0, Type.IsPointer: true } || rightOperand.Value is IrConstant { Value: 0, Type.IsPointer: true })
            {
                return IrConstant.Bool(compare.Kind != ComparisonKind.Equality);
            }
        }
        var left = Scalar(leftOperand);
        var right = Scalar(rightOperand);
        if (compare.InputType is StackType.F4 or StackType.F8)
        {
            throw FloatRefused();
        }
        if (left.Type.IsPointer != right.Type.IsPointer)
        {
            left = AsInteger(left);
            right = AsInteger(right);
        }
        if (left.Type.Bits != right.Type.Bits)
        {
            var signed = compare.Sign != Sign.Unsigned;
            left = _b.Convert(left, IrType.I64, signed);
            right = _b.Convert(right, IrType.I64, signed);
        }
        var unsigned = compare.Sign == Sign.Unsigned || left.Type.IsPointer;
        var op = compare.Kind switch
        {
            ComparisonKind.Equality => CompareOp.Equal,
            ComparisonKind.Inequality => CompareOp.NotEqual,
            ComparisonKind.LessThan => unsigned ? CompareOp.UnsignedLess : CompareOp.SignedLess,
            ComparisonKind.LessThanOrEqual => unsigned ? CompareOp.UnsignedLessOrEqual : CompareOp.SignedLessOrEqual,
            ComparisonKind.GreaterThan => unsigned ? CompareOp.UnsignedGreater : CompareOp.SignedGreater,
            _ => unsigned ? CompareOp.UnsignedGreaterOrEqual : CompareOp.SignedGreaterOrEqual,
        };
        return _b.Compare(op, left, right);
    }
}
