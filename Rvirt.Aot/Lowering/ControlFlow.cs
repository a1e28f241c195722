using System.Collections.Generic;
using System.Linq;
using ICSharpCode.Decompiler.IL;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Lowering;

/// <summary>Blocks, branches, switches, returns, and finally bodies copied onto each edge that leaves a try.</summary>
public sealed partial class MethodLowering
{
    private Scope? _scope;

    private void LowerContainer(BlockContainer container, Scope? parent, TryFinally? protects, ExitPoint? exit)
    {
        var scope = new Scope(container, parent, protects, exit);
        var outer = _scope;
        _scope = scope;
        _b.Branch(scope.BlockFor(container.EntryPoint, _b));
        while (scope.Pending.TryDequeue(out var block))
        {
            _b.Begin(scope.BlockFor(block, _b));
            foreach (var instruction in block.Instructions)
            {
                if (!_b.IsReachable)
                {
                    break;
                }
                LowerStatement(instruction);
            }
            if (_b.IsReachable)
            {
                if (block.FinalInstruction is not Nop)
                {
                    LowerStatement(block.FinalInstruction);
                }
                if (_b.IsReachable)
                {
                    _b.Unreachable();
                }
            }
        }
        _scope = outer;
    }

    private void LowerIf(IfInstruction conditional)
    {
        var condition = LowerCondition(conditional.Condition);
        if (condition is IrConstant known)
        {
            LowerStatement(known.Value != 0 ? conditional.TrueInst : conditional.FalseInst);
            return;
        }
        var whenTrue = DirectTarget(conditional.TrueInst);
        var whenFalse = DirectTarget(conditional.FalseInst);
        var trueBlock = whenTrue ?? _b.CreateBlock("then");
        var falseBlock = whenFalse ?? _b.CreateBlock("else");
        _b.BranchIf(condition, trueBlock, falseBlock);
        IrBlock? join = null;
        if (whenTrue is null)
        {
            _b.Begin(trueBlock);
            LowerStatement(conditional.TrueInst);
            if (_b.IsReachable)
            {
                join = conditional.FalseInst is Nop && whenFalse is null ? falseBlock : _b.CreateBlock("join");
                _b.Branch(join);
            }
        }
        if (whenFalse is null)
        {
            _b.Begin(falseBlock);
            LowerStatement(conditional.FalseInst);
            if (_b.IsReachable && join is not null && !ReferenceEquals(join, falseBlock))
            {
                _b.Branch(join);
            }
        }
        if (join is not null && !ReferenceEquals(join, falseBlock))
        {
            _b.Begin(join);
        }
    }

    /// <summary>The block a branch goes to when nothing happens on the way.</summary>
    private IrBlock? DirectTarget(ILInstruction instruction) =>
        instruction is Branch branch && ReferenceEquals(branch.TargetContainer, _scope!.Container)
            ? _scope.BlockFor(branch.TargetBlock, _b)
            : null;

    private void LowerBranch(Branch branch)
    {
        var target = LeaveScopes(branch.TargetContainer);
        _b.Branch(target.BlockFor(branch.TargetBlock, _b));
    }

    /// <summary>Runs the finally bodies between here and <paramref name="container"/>, innermost first.</summary>
    private Scope LeaveScopes(BlockContainer container)
    {
        var scope = _scope!;
        while (!ReferenceEquals(scope.Container, container))
        {
            RunFinally(scope);
            scope = scope.Parent ?? throw new RefusalException(DiagnosticCode.InvalidIl, "branch out of the method");
        }
        return scope;
    }

    private void RunFinally(Scope scope)
    {
        if (scope.Protects is not { } protect)
        {
            return;
        }
        var exit = new ExitPoint(_b.CreateBlock("finally.done"));
        LowerContainer((BlockContainer)protect.FinallyBlock, scope.Parent, null, exit);
        if (exit.IsUsed)
        {
            _b.Begin(exit.Block);
        }
    }

    private void LowerTryFinally(TryFinally protect)
    {
        var exit = new ExitPoint(_b.CreateBlock("try.done"));
        LowerContainer((BlockContainer)protect.TryBlock, _scope, protect, exit);
        if (exit.IsUsed)
        {
            _b.Begin(exit.Block);
        }
    }

    private void LowerLeave(Leave leave)
    {
        if (!leave.IsLeavingFunction)
        {
            var target = LeaveScopes(leave.TargetContainer);
            RunFinally(target);
            if (!_b.IsReachable)
            {
                return;
            }
            if (target.Exit is null)
            {
                throw new RefusalException(DiagnosticCode.InvalidIl, "leave of a block without an end");
            }
            target.Exit.IsUsed = true;
            _b.Branch(target.Exit.Block);
            return;
        }
        var mode = _signature.ResultMode;
        switch (mode.Kind)
        {
            case PassKind.Ignore:
                if (leave.Value is not Nop)
                {
                    Lower(leave.Value);
                }
                LeaveAll();
                Return(null);
                break;
            case PassKind.Scalar:
                var value = Narrow(LowerScalar(leave.Value), _signature.Result);
                LeaveAll();
                Return(value);
                break;
            case PassKind.Indirect:
                LowerInto(leave.Value, _hiddenResult!, _signature.Result, isPrivate: true);
                LeaveAll();
                Return(null);
                break;
            default:
                var operand = Lower(leave.Value);
                var pieces = LoadPieces(operand.Value, _signature.Result, mode);
                LeaveAll();
                Return(pieces.Count == 1 ? pieces[0] : _b.Emit(new IrMakePair(pieces[0], pieces[1])));
                break;
        }
    }

    private void Return(IrValue? value)
    {
        if (_b.IsReachable)
        {
            _b.Return(value);
        }
    }

    private void LeaveAll()
    {
        for (var scope = _scope; scope is not null && _b.IsReachable; scope = scope.Parent)
        {
            RunFinally(scope);
        }
    }

    private void LowerSwitch(SwitchInstruction choice)
    {
        var value = LowerScalar(choice.Value);
        var fallback = choice.GetDefaultSection();
        if (value is IrConstant known)
        {
            var section = choice.Sections.First(candidate => candidate.Labels.Contains(known.Value));
            LowerStatement(section.Body);
            return;
        }
        var trampolines = new List<(IrBlock Block, ILInstruction Body)>();
        IrBlock TargetOf(ILInstruction body)
        {
            if (DirectTarget(body) is { } direct)
            {
                return direct;
            }
            var block = _b.CreateBlock("case");
            trampolines.Add((block, body));
            return block;
        }

        var cases = new List<(long, IrBlock)>();
        foreach (var section in choice.Sections)
        {
            if (section != fallback)
            {
                var target = TargetOf(section.Body);
                cases.AddRange(section.Labels.Values.Select(label => (label, target)));
            }
        }
        var otherwise = TargetOf(fallback.Body);
        _b.Emit(new IrSwitch(value, otherwise, cases));
        IrBlock? join = null;
        foreach (var (block, body) in trampolines)
        {
            _b.Begin(block);
            LowerStatement(body);
            if (_b.IsReachable)
            {
                join ??= _b.CreateBlock("switch.done");
                _b.Branch(join);
            }
        }
        if (join is not null)
        {
            _b.Begin(join);
        }
    }

    /// <summary>Where a container is left to.</summary>
    private sealed class ExitPoint(IrBlock block)
    {
        public IrBlock Block { get; } = block;

        public bool IsUsed { get; set; }
    }

    /// <summary>One copy of a container being compiled. A finally body has a copy for each edge that runs it.</summary>
    private sealed class Scope(BlockContainer container, Scope? parent, TryFinally? protects, ExitPoint? exit)
    {
        private readonly Dictionary<Block, IrBlock> _blocks = [];

        public BlockContainer Container { get; } = container;

        public Scope? Parent { get; } = parent;

        /// <summary>The statement whose finally body runs when this scope is left.</summary>
        public TryFinally? Protects { get; } = protects;

        public ExitPoint? Exit { get; } = exit;

        /// <summary>Blocks that something branches to and that are not compiled yet; others are dead and never are.</summary>
        public Queue<Block> Pending { get; } = [];

        public IrBlock BlockFor(Block block, IrBuilder builder)
        {
            if (!_blocks.TryGetValue(block, out var target))
            {
                target = builder.CreateBlock($"il{block.StartILOffset:x4}");
                _blocks.Add(block, target);
                Pending.Enqueue(block);
            }
            return target;
        }
    }
}
