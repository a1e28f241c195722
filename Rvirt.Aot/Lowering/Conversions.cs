using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Core.Freestanding;

namespace Rvirt.Aot.Lowering;

/// <summary>Numeric conversions, checked and not.</summary>
public sealed partial class MethodLowering
{
    private IrValue LowerConv(Conv conversion)
    {
        var value = LowerScalar(conversion.Argument);
        if (conversion.TargetType is PrimitiveType.R4 or PrimitiveType.R8 or PrimitiveType.R || conversion.InputType is StackType.F4 or StackType.F8)
        {
            throw FloatRefused();
        }
        if (conversion.CheckForOverflow)
        {
            return CheckedConvert(AsInteger(value), conversion.TargetType, conversion.InputSign != Sign.Unsigned);
        }
        switch (conversion.TargetType)
        {
            case PrimitiveType.I1:
                return Resize(value, IrType.I8, signed: true);
            case PrimitiveType.U1:
                return Resize(value, IrType.I8, signed: false);
            case PrimitiveType.I2:
                return Resize(value, IrType.I16, signed: true);
            case PrimitiveType.U2:
                return Resize(value, IrType.I16, signed: false);
            case PrimitiveType.I4 or PrimitiveType.U4:
                return _b.Convert(value, IrType.I32, signed: true);
            case PrimitiveType.I8:
                return _b.Convert(value, IrType.I64, signed: true);
            case PrimitiveType.U8:
                return _b.Convert(value, IrType.I64, signed: false);
            // A pointer stays one, so that the optimizer keeps knowing what it points into.
            case PrimitiveType.I:
                return value.Type.IsPointer ? value : _b.Convert(value, IrType.I64, signed: true);
            case PrimitiveType.U:
                return value.Type.IsPointer ? value : _b.Convert(value, IrType.I64, signed: false);
            case PrimitiveType.Ref:
                return _b.Convert(value, IrType.Pointer, signed: true);
            case PrimitiveType.None or PrimitiveType.Unknown:
                return value;
            default:
                throw new RefusalException(DiagnosticCode.InvalidIl, $"conversion to {conversion.TargetType}");
        }
    }

    private IrValue Resize(IrValue value, IrType type, bool signed) =>
        _b.Convert(_b.Convert(AsInteger(value), type, signed: true), IrType.I32, signed);

    private IrValue CheckedConvert(IrValue value, PrimitiveType target, bool sourceSigned)
    {
        var (bits, signed) = target switch
        {
            PrimitiveType.I1 => (8, true),
            PrimitiveType.U1 => (8, false),
            PrimitiveType.I2 => (16, true),
            PrimitiveType.U2 => (16, false),
            PrimitiveType.I4 => (32, true),
            PrimitiveType.U4 => (32, false),
            PrimitiveType.I8 or PrimitiveType.I => (64, true),
            PrimitiveType.U8 or PrimitiveType.U => (64, false),
            _ => throw new RefusalException(DiagnosticCode.InvalidIl, $"checked conversion to {target}"),
        };
        var type = IrType.Integer(bits);
        IrValue? overflows = null;
        if (bits < value.Type.Bits)
        {
            // The value survives being cut down and widened again as the target's sign says.
            var narrowed = _b.Convert(value, type, signed: false);
            var back = _b.Convert(narrowed, value.Type, signed);
            overflows = _b.Compare(CompareOp.NotEqual, back, value);
            // Widened as signed, a negative result equals a large unsigned input; and the other way round.
            if (signed && !sourceSigned)
            {
                overflows = _b.Binary(BinaryOp.Or, overflows, _b.Compare(CompareOp.SignedLess, value, new IrConstant(value.Type, 0)));
            }
        }
        else if (bits == value.Type.Bits ? signed != sourceSigned : sourceSigned && !signed)
        {
            overflows = _b.Compare(CompareOp.SignedLess, value, new IrConstant(value.Type, 0));
        }
        if (overflows is not null)
        {
            PanicIf(overflows, PanicKind.Overflow);
        }
        var result = _b.Convert(value, type, sourceSigned);
        return bits < 32 ? _b.Convert(result, IrType.I32, signed) : result;
    }
}
