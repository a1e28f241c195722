using System.Linq;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Ir;
using Rvirt.Core.Freestanding;

namespace Rvirt.Aot.Lowering;

/// <summary>Checks and throws: both end in a panic that keeps its line and names its cause.</summary>
public sealed partial class MethodLowering
{
    /// <summary>Panics when a condition holds; the way on is the likely one.</summary>
    public void PanicIf(IrValue failed, PanicKind kind)
    {
        if (failed is IrConstant { Value: 0 } || !_b.IsReachable)
        {
            return;
        }
        var panic = _b.CreateBlock("panic");
        var go = _b.CreateBlock("ok");
        _b.BranchIf(failed, panic, go, Likelihood.Unlikely);
        _b.Begin(panic);
        Panic(kind, null);
        _b.Begin(go);
    }

    /// <summary>Panics here; nothing after it is compiled.</summary>
    public void Panic(PanicKind kind, string? what)
    {
        var function = _program.Panics.For(kind, what is not null);
        _b.Emit(new IrCall(IrType.Void, function, what is null ? [] : [_program.Data.Text(what)]) { NoMerge = true, NoReturn = true });
        _b.Unreachable();
    }

    public void CheckNull(IrValue reference)
    {
        if (reference is not IrSymbol)
        {
            PanicIf(_b.IsNull(reference), PanicKind.NullReference);
        }
    }

    /// <summary>Panics as an exception of a type would: those of the runtime have kinds, others are named.</summary>
    public void PanicWith(string exception, string? message)
    {
        var kind = ThrowHelpers.KindOf(exception);
        var text = message is null ? exception : $"{exception}: {message}";
        Panic(kind, kind == PanicKind.Exception ? text : message);
    }

    private void LowerThrow(Throw raise)
    {
        // The exception is never built: its type, and a message that is a literal, name the panic.
        var type = ThrowHelpers.TypeOf(raise) ?? _program.KnownType(KnownTypeCode.Exception);
        var message = raise.Argument is CallInstruction { Arguments: var arguments }
            ? arguments.OfType<LdStr>().FirstOrDefault()?.Value
            : null;
        PanicWith(Close(type).FullName, message);
    }
}
