using System.Collections.Generic;
using System.Linq;
using System.Reflection.Metadata;
using System.Text;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Naming;

namespace Rvirt.Aot.Lowering;

/// <summary>Methods without a body: inline assembly, symbols of the linker script, functions written in assembly.</summary>
public sealed class ExternalMethods(ProgramCompiler program)
{
    private readonly Dictionary<IMethod, External?> _known = [];

    private abstract record External;

    private sealed record AssemblyText(string Template, bool ClobbersMemory, string Clobbers) : External;

    private sealed record Address(string Symbol) : External;

    private sealed record Import(string Symbol) : External;

    /// <summary>Compiles a call of such a method; null for an ordinary one.</summary>
    public Operand? TryLower(MethodLowering lowering, IMethod method, Operand[] operands) => Classify(method) switch
    {
        AssemblyText text => LowerAssembly(lowering, method, operands, text),
        Address address => new Operand(GlobalFor(address.Symbol)),
        Import import => lowering.EmitCall(
            FunctionFor(method, import.Symbol), program.SignatureOf(method), operands, null),
        _ => null,
    };

    /// <summary>The symbol of an imported function; null for an ordinary method.</summary>
    public IrSymbol? SymbolOf(IMethod method) => Classify(method) is Import import ? FunctionFor(method, import.Symbol) : null;

    private External? Classify(IMethod method)
    {
        var definition = (IMethod)method.MemberDefinition;
        if (definition.HasBody || definition.MetadataToken.IsNil)
        {
            return null;
        }
        if (!_known.TryGetValue(definition, out var external))
        {
            external = Read(definition);
            _known.Add(definition, external);
        }
        return external;
    }

    private static External? Read(IMethod definition)
    {
        if (Attributes.Find(definition, Attributes.AsmIntrinsic) is { } assembly)
        {
            return new AssemblyText(
                assembly.Argument<string>(0) ?? "",
                assembly.Named("ClobbersMemory") is true,
                assembly.Named("Clobbers") as string ?? "");
        }
        if (Attributes.Find(definition, Attributes.LinkerSymbol) is { } symbol)
        {
            return new Address(symbol.Argument<string>(0) ?? definition.Name);
        }
        var metadata = ((MetadataModule)definition.ParentModule!).MetadataFile.Metadata;
        var row = metadata.GetMethodDefinition((MethodDefinitionHandle)definition.MetadataToken);
        var import = row.GetImport();
        if (!import.Module.IsNil && metadata.GetString(metadata.GetModuleReference(import.Module).Name) == "*")
        {
            return new Import(import.Name.IsNil ? definition.Name : metadata.GetString(import.Name));
        }
        return null;
    }

    private IrSymbol GlobalFor(string symbol)
    {
        if (!program.Module.Functions.ContainsKey(symbol) && !program.Module.Globals.ContainsKey(symbol))
        {
            program.Names.Reserve(symbol);
            program.Module.Globals.Add(symbol, new IrGlobal(symbol, 0, 1) { IsExternal = true });
        }
        return new IrSymbol(symbol);
    }

    private static bool HasSignature(IrFunction function, CallSignature signature)
    {
        var types = new List<IrType>();
        if (signature.HasHiddenResult)
        {
            types.Add(IrType.Pointer);
        }
        foreach (var mode in signature.ParameterModes)
        {
            types.AddRange(mode.Kind == PassKind.Indirect ? [IrType.Pointer] : mode.Pieces.Select(piece => piece.Type));
        }
        return function.ReturnType.Matches(signature.ReturnType)
            && types.Count == function.Parameters.Count
            && types.Zip(function.Parameters).All(pair => pair.First.Matches(pair.Second.Type));
    }

    private IrSymbol FunctionFor(IMethod method, string symbol)
    {
        var name = NameBuilder.Of(new Resolution.MethodInstance(method));
        if (!program.Module.Functions.TryGetValue(symbol, out var known))
        {
            program.Names.Reserve(symbol);
            program.CreateFunction(symbol, name, program.SignatureOf(method));
        }
        else if (!HasSignature(known, program.SignatureOf(method)))
        {
            throw new RefusalException(DiagnosticCode.InvalidExport, $"{name} imports {symbol} with another signature than {known.DisplayName} has");
        }
        return new IrSymbol(symbol);
    }

    private Operand LowerAssembly(MethodLowering lowering, IMethod method, Operand[] operands, AssemblyText text)
    {
        var b = lowering.Builder;
        var signature = program.SignatureOf(method);
        var hasResult = !signature.Result.IsVoid;
        if (!method.IsStatic || (hasResult && signature.Result.IsAggregate) || signature.Parameters.Any(shape => shape.IsAggregate))
        {
            throw new RefusalException(DiagnosticCode.AsmIntrinsic, $"{method.FullName}: only integers and pointers go through assembly");
        }
        var constraints = new StringBuilder();
        if (hasResult)
        {
            // Several lines: the result must not share a register with an input that a later line reads.
            constraints.Append(text.Template.Contains('\n') || text.Template.Contains(';') ? "=&r" : "=r");
        }
        var arguments = new List<IrValue>();
        for (var i = 0; i < operands.Length; i++)
        {
            constraints.Append(constraints.Length > 0 ? "," : "").Append('r');
            var shape = signature.Parameters[i];
            var value = operands[i].Value;
            arguments.Add(value.Type.IsPointer ? value : b.Convert(b.Convert(value, shape.StackType, signed: true), IrType.I64, shape.IsSigned));
        }
        foreach (var clobber in text.Clobbers.Split(',', System.StringSplitOptions.RemoveEmptyEntries | System.StringSplitOptions.TrimEntries))
        {
            constraints.Append(constraints.Length > 0 ? "," : "").Append("~{").Append(clobber).Append('}');
        }
        if (text.ClobbersMemory)
        {
            constraints.Append(constraints.Length > 0 ? "," : "").Append("~{memory}");
        }
        var type = !hasResult ? IrType.Void : signature.Result.Kind == ShapeKind.Pointer ? IrType.Pointer : IrType.I64;
        var result = b.Emit(new IrAssembly(text.Template, constraints.ToString(), type, arguments));
        return new Operand(hasResult ? b.Convert(result, signature.Result.StackType, signed: false) : new IrUndefined(IrType.I32));
    }
}
