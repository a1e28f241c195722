using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Resolution;

namespace Rvirt.Aot.Lowering;

/// <summary>
/// Turns the tree of one method body into IR for one instance. Each family of instructions has a file of its own.
/// </summary>
public sealed partial class MethodLowering
{
    private readonly ProgramCompiler _program;
    private readonly MethodInstance _instance;
    private readonly ILFunction _body;
    private readonly IrFunction _function;
    private readonly CallSignature _signature;
    private readonly MethodSymbols _symbols;
    private readonly IrBuilder _b;

    public MethodLowering(ProgramCompiler program, MethodInstance instance, ILFunction body, IrFunction function, CallSignature signature, MethodSymbols symbols)
    {
        _program = program;
        _instance = instance;
        _body = body;
        _function = function;
        _signature = signature;
        _symbols = symbols;
        _b = new IrBuilder(function);
    }

    public IrBuilder Builder => _b;

    public ProgramCompiler Program => _program;

    /// <summary>Compiles the whole body.</summary>
    public void Run()
    {
        _function.Location = _symbols.Start;
        _b.Location = _symbols.Start;
        _b.Begin(_b.CreateBlock("entry"));
        try
        {
            DeclareVariables();
        }
        catch (RefusalException e)
        {
            Report(e);
            _b.Unreachable();
            return;
        }
        LowerContainer((BlockContainer)_body.Body, null, null, null);
        if (_b.IsReachable)
        {
            _b.Unreachable();
        }
    }

    public IType Close(IType type) => type.AcceptVisitor(_instance.Substitution);

    public TypeShape ShapeOf(IType type) => _program.Layouts.ShapeOf(Close(type));

    private void Report(RefusalException e) => _program.Report(e.Code, e.Message, _instance, e.Location ?? _b.Location);

    /// <summary>Compiles a statement; one that cannot be compiled is reported, and the rest goes on.</summary>
    private void LowerStatement(ILInstruction instruction)
    {
        if (!instruction.ILRangeIsEmpty)
        {
            _b.Location = _symbols.At(instruction.StartILOffset) ?? _b.Location;
        }
        try
        {
            LowerStatementCore(instruction);
        }
        catch (RefusalException e)
        {
            Report(e);
            if (instruction is StLoc { Variable: var variable } && IsValueSlot(variable))
            {
                _values[variable] = UndefinedFor(variable);
            }
            else if (instruction.HasFlag(InstructionFlags.EndPointUnreachable))
            {
                _b.Unreachable();
            }
        }
    }

    private void LowerStatementCore(ILInstruction instruction)
    {
        switch (instruction)
        {
            case Nop:
                break;
            case StLoc store:
                LowerStLoc(store);
                break;
            case StObj store:
                LowerStObj(store);
                break;
            case IfInstruction conditional:
                LowerIf(conditional);
                break;
            case Branch branch:
                LowerBranch(branch);
                break;
            case Leave leave:
                LowerLeave(leave);
                break;
            case SwitchInstruction choice:
                LowerSwitch(choice);
                break;
            case TryFinally protect:
                LowerTryFinally(protect);
                break;
            case TryCatch or TryFault:
                throw new RefusalException(DiagnosticCode.CatchHandler, "exceptions cannot be caught");
            case Throw raise:
                LowerThrow(raise);
                break;
            case Rethrow:
                throw new RefusalException(DiagnosticCode.CatchHandler, "exceptions cannot be caught");
            case Cpblk copy:
                LowerCpblk(copy);
                break;
            case Initblk fill:
                LowerInitblk(fill);
                break;
            case DebugBreak:
                _b.Intrinsic("llvm.debugtrap", IrType.Void);
                break;
            case BlockContainer container:
                LowerContainer(container, _scope, null, null);
                break;
            case InvalidBranch invalid:
                throw new RefusalException(DiagnosticCode.InvalidIl, $"invalid IL: {invalid.Message}");
            default:
                Lower(instruction);
                break;
        }
    }

    /// <summary>Compiles an expression. Each part keeps the line it is on: one statement of IL may hold parts of several of C#'s.</summary>
    public Operand Lower(ILInstruction instruction)
    {
        var outer = _b.Location;
        if (!instruction.ILRangeIsEmpty)
        {
            _b.Location = _symbols.At(instruction.StartILOffset) ?? outer;
        }
        var operand = LowerCore(instruction);
        _b.Location = outer;
        return operand;
    }

    private Operand LowerCore(ILInstruction instruction) => instruction switch
    {
        LdLoc load => LowerLdLoc(load),
        LdLoca address => new Operand(AddressOf(address.Variable)),
        LdcI4 constant => new Operand(IrConstant.Int32(constant.Value)),
        LdcI8 constant => new Operand(IrConstant.Int64(constant.Value)),
        LdNull => new Operand(IrConstant.Null),
        LdObj load => LowerLdObj(load),
        LdFlda field => new Operand(LowerLdFlda(field)),
        LdsFlda field => new Operand(LowerLdsFlda(field)),
        AddressOf address => new Operand(LowerAddressOf(address)),
        BinaryNumericInstruction binary => new Operand(LowerBinary(binary)),
        BitNot not => new Operand(LowerBitNot(not)),
        Conv conversion => new Operand(LowerConv(conversion)),
        Comp compare => new Operand(_b.Convert(LowerComp(compare), IrType.I32, signed: false)),
        CallInstruction call => LowerCall(call),
        CallIndirect call => LowerCallIndirect(call),
        DefaultValue value => LowerDefaultValue(value),
        SizeOf size => new Operand(IrConstant.Int32(ShapeOf(size.Type).Size)),
        LdFtn function => new Operand(LowerLdFtn(function)),
        LocAlloc allocate => new Operand(LowerLocAlloc(allocate)),
        LdLen length => new Operand(LowerLdLen(length)),
        LdElema element => new Operand(LowerLdElema(element)),
        LdStr text => new Operand(_program.Data.String(text.Value)),
        NewArr array => LowerNewArr(array),
        Box box => LowerBox(box),
        UnboxAny unbox => LowerUnboxAny(unbox),
        Unbox unbox => LowerUnbox(unbox),
        IsInst test => LowerIsInst(test),
        CastClass cast => LowerCastClass(cast),
        LdMemberToken token => LowerLdMemberToken(token),
        LdTypeToken => throw new RefusalException(DiagnosticCode.RunTimeType, "typeof can only be compared with another typeof"),
        StLoc store => LowerStLoc(store),
        StObj store => LowerStObj(store),
        LdcF4 or LdcF8 or LdcDecimal or Ckfinite => throw FloatRefused(),
        LdVirtFtn => throw new RefusalException(DiagnosticCode.Delegate, "delegates are not supported"),
        Arglist or MakeRefAny or RefAnyType or RefAnyValue =>
            throw new RefusalException(DiagnosticCode.VariableArguments, "argument lists and typed references are not supported"),
        InvalidExpression invalid => throw new RefusalException(DiagnosticCode.InvalidIl, $"invalid IL: {invalid.Message}"),
        _ => throw new RefusalException(DiagnosticCode.InvalidIl, $"{instruction.OpCode} is not supported"),
    };

    /// <summary>Compiles an expression that is no struct.</summary>
    public IrValue LowerScalar(ILInstruction instruction)
    {
        var operand = Lower(instruction);
        return Scalar(operand);
    }

    /// <summary>Refuses a box: it exists only at compile time and cannot be handed on.</summary>
    public static void RefuseBoxed(Operand operand)
    {
        if (operand.Boxed is { } boxed)
        {
            throw new RefusalException(DiagnosticCode.Boxing, $"a value of type {Naming.NameBuilder.Of(boxed)} would be boxed");
        }
    }

    private static IrValue Scalar(Operand operand)
    {
        RefuseBoxed(operand);
        if (operand.Aggregate is { } aggregate)
        {
            throw new RefusalException(DiagnosticCode.InvalidIl, $"{aggregate.Type.FullName} used as a number");
        }
        return operand.Value;
    }

    private static RefusalException FloatRefused() => new(DiagnosticCode.FloatingPoint, "floating point is not supported");
}
