using System.Collections.Generic;

namespace Rvirt.Aot.Ir;

public abstract class IrTerminator : IrInstruction
{
    protected IrTerminator()
        : base(IrType.Void)
    {
    }

    public override bool IsTerminator => true;

    public abstract IEnumerable<IrBlock> Successors { get; }
}

public sealed class IrBranch(IrBlock target) : IrTerminator
{
    public IrBlock Target { get; } = target;

    public override IEnumerable<IrValue> Operands => [];

    public override IEnumerable<IrBlock> Successors => [Target];
}

/// <summary>What is known about which way a branch goes.</summary>
public enum Likelihood
{
    Unknown,
    Likely,
    Unlikely,
}

public sealed class IrConditionalBranch(IrValue condition, IrBlock whenTrue, IrBlock whenFalse, Likelihood likelihood = Likelihood.Unknown) : IrTerminator
{
    public IrValue Condition { get; } = condition;

    public IrBlock WhenTrue { get; } = whenTrue;

    public IrBlock WhenFalse { get; } = whenFalse;

    /// <summary>Of the condition being true.</summary>
    public Likelihood Likelihood { get; } = likelihood;

    public override IEnumerable<IrValue> Operands => [Condition];

    public override IEnumerable<IrBlock> Successors => [WhenTrue, WhenFalse];
}

public sealed class IrSwitch(IrValue value, IrBlock otherwise, IReadOnlyList<(long Value, IrBlock Target)> cases) : IrTerminator
{
    public IrValue Value { get; } = value;

    public IrBlock Otherwise { get; } = otherwise;

    public IReadOnlyList<(long Value, IrBlock Target)> Cases { get; } = cases;

    public override IEnumerable<IrValue> Operands => [Value];

    public override IEnumerable<IrBlock> Successors
    {
        get
        {
            yield return Otherwise;
            foreach (var (_, target) in Cases)
            {
                yield return target;
            }
        }
    }
}

public sealed class IrReturn(IrValue? value) : IrTerminator
{
    public IrValue? Value { get; } = value;

    public override IEnumerable<IrValue> Operands => Value is null ? [] : [Value];

    public override IEnumerable<IrBlock> Successors => [];
}

public sealed class IrUnreachable : IrTerminator
{
    public override IEnumerable<IrValue> Operands => [];

    public override IEnumerable<IrBlock> Successors => [];
}
