using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Core.Freestanding;

namespace Rvirt.Aot.Lowering;

/// <summary>Integer arithmetic with its checks, and pointer arithmetic.</summary>
public sealed partial class MethodLowering
{
    private IrValue LowerBinary(BinaryNumericInstruction binary)
    {
        var left = LowerScalar(binary.Left);
        var right = LowerScalar(binary.Right);
        if (binary.UnderlyingResultType is StackType.F4 or StackType.F8)
        {
            throw FloatRefused();
        }
        if (binary.Operator is BinaryNumericOperator.ShiftLeft or BinaryNumericOperator.ShiftRight)
        {
            return Shift(binary, AsInteger(left), AsInteger(right));
        }
        if (!binary.CheckForOverflow)
        {
            if (binary.Operator == BinaryNumericOperator.Add)
            {
                if (left.Type.IsPointer && !right.Type.IsPointer)
                {
                    return _b.Offset(left, _b.Convert(right, IrType.I64, signed: true), inBounds: false);
                }
                if (right.Type.IsPointer && !left.Type.IsPointer)
                {
                    return _b.Offset(right, _b.Convert(left, IrType.I64, signed: true), inBounds: false);
                }
            }
            if (binary.Operator == BinaryNumericOperator.Sub && left.Type.IsPointer && !right.Type.IsPointer)
            {
                var negated = _b.Binary(BinaryOp.Sub, IrConstant.Int64(0), _b.Convert(right, IrType.I64, signed: true));
                return _b.Offset(left, negated, inBounds: false);
            }
        }
        left = AsInteger(left);
        right = AsInteger(right);
        if (left.Type.Bits != right.Type.Bits)
        {
            left = _b.Convert(left, IrType.I64, signed: true);
            right = _b.Convert(right, IrType.I64, signed: true);
        }
        var signed = binary.Sign != Sign.Unsigned;
        if (binary.CheckForOverflow)
        {
            return Checked(binary.Operator, left, right, signed);
        }
        switch (binary.Operator)
        {
            case BinaryNumericOperator.Add:
                return _b.Binary(BinaryOp.Add, left, right);
            case BinaryNumericOperator.Sub:
                return _b.Binary(BinaryOp.Sub, left, right);
            case BinaryNumericOperator.Mul:
                return _b.Binary(BinaryOp.Mul, left, right);
            case BinaryNumericOperator.BitAnd:
                return _b.Binary(BinaryOp.And, left, right);
            case BinaryNumericOperator.BitOr:
                return _b.Binary(BinaryOp.Or, left, right);
            case BinaryNumericOperator.BitXor:
                return _b.Binary(BinaryOp.Xor, left, right);
            case BinaryNumericOperator.Div:
                CheckDivision(left, right, signed);
                return _b.Binary(signed ? BinaryOp.SDiv : BinaryOp.UDiv, left, right);
            case BinaryNumericOperator.Rem:
                CheckDivision(left, right, signed);
                return _b.Binary(signed ? BinaryOp.SRem : BinaryOp.URem, left, right);
            default:
                throw new RefusalException(DiagnosticCode.InvalidIl, $"operator {binary.Operator}");
        }
    }

    /// <summary>Pointers as the integers they are.</summary>
    public IrValue AsInteger(IrValue value) => value.Type.IsPointer ? _b.Convert(value, IrType.I64, signed: false) : value;

    private IrValue Shift(BinaryNumericInstruction binary, IrValue left, IrValue right)
    {
        var count = _b.Convert(right, left.Type, signed: false);
        // A count of the width or more is undefined to LLVM; C# masks it already, other IL need not.
        count = _b.Binary(BinaryOp.And, count, new IrConstant(left.Type, left.Type.Bits - 1));
        var op = binary.Operator == BinaryNumericOperator.ShiftLeft
            ? BinaryOp.Shl
            : binary.Sign == Sign.Unsigned ? BinaryOp.LShr : BinaryOp.AShr;
        return _b.Binary(op, left, count);
    }

    private IrValue Checked(BinaryNumericOperator op, IrValue left, IrValue right, bool signed)
    {
        var name = op switch
        {
            BinaryNumericOperator.Add => "add",
            BinaryNumericOperator.Sub => "sub",
            BinaryNumericOperator.Mul => "mul",
            _ => throw new RefusalException(DiagnosticCode.InvalidIl, $"checked {op}"),
        };
        var result = _b.Intrinsic(
            $"llvm.{(signed ? 's' : 'u')}{name}.with.overflow.{left.Type}", IrType.Pair(left.Type, IrType.I1), left, right);
        PanicIf(_b.Extract(result, 1), PanicKind.Overflow);
        return _b.Extract(result, 0);
    }

    private void CheckDivision(IrValue left, IrValue right, bool signed)
    {
        if (right is not IrConstant { Value: not 0 })
        {
            PanicIf(_b.Compare(CompareOp.Equal, right, new IrConstant(right.Type, 0)), PanicKind.DivideByZero);
        }
        if (!signed || right is IrConstant { Value: not -1 } || left is IrConstant { Value: not long.MinValue and not int.MinValue })
        {
            return;
        }
        var minimum = left.Type.Bits == 32 ? int.MinValue : long.MinValue;
        var isMinimum = _b.Compare(CompareOp.Equal, left, new IrConstant(left.Type, minimum));
        var isMinusOne = _b.Compare(CompareOp.Equal, right, new IrConstant(right.Type, -1));
        PanicIf(_b.Binary(BinaryOp.And, isMinimum, isMinusOne), PanicKind.Overflow);
    }

    private IrValue LowerBitNot(BitNot not)
    {
        var value = AsInteger(LowerScalar(not.Argument));
        return _b.Binary(BinaryOp.Xor, value, new IrConstant(value.Type, -1));
    }
}
