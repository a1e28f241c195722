using System.Collections.Generic;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Core.Freestanding;

namespace Rvirt.Aot.Lowering;

/// <summary>
/// The cold functions behind failed checks. Each finds the address of the failed site from its own return address and calls
/// the image's <c>rvirt_panic(kind, what, pc)</c>.
/// </summary>
public sealed class PanicFunctions(ProgramCompiler program)
{
    private readonly Dictionary<(PanicKind, bool), IrSymbol> _functions = [];

    /// <summary>The function for a kind of panic, with or without a text.</summary>
    public IrSymbol For(PanicKind kind, bool hasText)
    {
        if (_functions.TryGetValue((kind, hasText), out var symbol))
        {
            return symbol;
        }
        var name = program.Names.Unique($"panic.{kind}{(hasText ? ".text" : "")}");
        IrParameter[] parameters = hasText ? [new IrParameter(IrType.Pointer)] : [];
        var function = new IrFunction(name, name, IrType.Void, parameters) { Inlining = InlinePolicy.Never, IsCold = true, NoReturn = true };
        var builder = new IrBuilder(function);
        builder.Begin(builder.CreateBlock("entry"));
        var returnAddress = builder.Convert(
            builder.Intrinsic("llvm.returnaddress", IrType.Pointer, IrConstant.Int32(0)), IrType.I64, signed: false);
        builder.Emit(new IrCall(
            IrType.Void,
            HandlerSymbol(),
            [IrConstant.Int32((int)kind), hasText ? parameters[0] : IrConstant.Null, builder.Binary(BinaryOp.Sub, returnAddress, IrConstant.Int64(1))])
        {
            NoReturn = true,
        });
        builder.Unreachable();
        program.Module.Functions.Add(name, function);
        symbol = new IrSymbol(name);
        _functions.Add((kind, hasText), symbol);
        return symbol;
    }

    /// <summary>Refuses an image's handler that could not take what panics pass.</summary>
    public static void CheckHandler(IrFunction function)
    {
        if (!function.ReturnType.IsVoid || function.Parameters is not [{ Type: var kind }, { Type.IsPointer: true }, { Type: var pc }] || kind != IrType.I32 || pc != IrType.I64)
        {
            throw new RefusalException(
                DiagnosticCode.InvalidExport, $"{PanicHandler.Symbol} takes a kind, a text and an address, and returns nothing: static void {function.DisplayName}(uint kind, byte* text, nuint address)");
        }
    }

    private IrSymbol HandlerSymbol()
    {
        if (!program.Module.Functions.ContainsKey(PanicHandler.Symbol))
        {
            program.Module.Functions.Add(PanicHandler.Symbol, new IrFunction(
                PanicHandler.Symbol,
                PanicHandler.Symbol,
                IrType.Void,
                [
                    new IrParameter(IrType.I32) { Attributes = "signext" },
                    new IrParameter(IrType.Pointer),
                    new IrParameter(IrType.I64),
                ])
            {
                NoReturn = true,
                IsCold = true,
            });
        }
        return new IrSymbol(PanicHandler.Symbol);
    }
}
