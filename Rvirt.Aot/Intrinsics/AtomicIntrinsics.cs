using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Lowering;

namespace Rvirt.Aot.Intrinsics;

/// <summary>Atomic read-modify-write, all sequentially consistent as .NET has them.</summary>
[IntrinsicType("System.Threading.Interlocked")]
internal static class InterlockedIntrinsics
{
    [Intrinsic("Add")]
    public static Operand? Add(IntrinsicCall call)
    {
        var value = Operand(call, 1);
        return Result(call, call.B.Binary(BinaryOp.Add, call.B.Emit(new IrAtomic("add", call.Pointer(0), value)), value));
    }

    [Intrinsic("ExchangeAdd")]
    public static Operand? ExchangeAdd(IntrinsicCall call) => Old(call, "add");

    [Intrinsic("And")]
    public static Operand? And(IntrinsicCall call) => Old(call, "and");

    [Intrinsic("Or")]
    public static Operand? Or(IntrinsicCall call) => Old(call, "or");

    [Intrinsic("Exchange")]
    public static Operand? Exchange(IntrinsicCall call) => Old(call, "xchg");

    [Intrinsic("Increment")]
    public static Operand? Increment(IntrinsicCall call) => Step(call, 1);

    [Intrinsic("Decrement")]
    public static Operand? Decrement(IntrinsicCall call) => Step(call, -1);

    [Intrinsic("CompareExchange")]
    public static Operand? CompareExchange(IntrinsicCall call)
    {
        var pair = call.B.Emit(new IrCompareExchange(call.Pointer(0), Operand(call, 2), Operand(call, 1)));
        return Result(call, call.B.Extract(pair, 0));
    }

    [Intrinsic("Read")]
    public static Operand? Read(IntrinsicCall call) => IntrinsicCall.Of(
        call.B.Load(IrType.I64, call.Pointer(0), 8, order: MemoryOrder.SequentiallyConsistent));

    [Intrinsic("MemoryBarrier")]
    [Intrinsic("MemoryBarrierProcessWide")]
    public static Operand? MemoryBarrier(IntrinsicCall call)
    {
        call.B.Emit(new IrFence(MemoryOrder.SequentiallyConsistent));
        return IntrinsicCall.Nothing;
    }

    private static TypeShape Shape(IntrinsicCall call)
    {
        var shape = call.Pointee(0);
        return shape.IsAggregate || shape.Kind == ShapeKind.Float
            ? throw new RefusalException(DiagnosticCode.NotAllowed, $"atomic access to {shape.Type.FullName}")
            : shape;
    }

    private static IrValue Operand(IntrinsicCall call, int index) => call.B.Convert(call.Value(index), Shape(call).MemoryType, signed: true);

    private static Operand? Old(IntrinsicCall call, string operation) =>
        Result(call, call.B.Emit(new IrAtomic(operation, call.Pointer(0), Operand(call, 1))));

    private static Operand? Step(IntrinsicCall call, int step)
    {
        var value = new IrConstant(Shape(call).MemoryType, step);
        return Result(call, call.B.Binary(BinaryOp.Add, call.B.Emit(new IrAtomic("add", call.Pointer(0), value)), value));
    }

    private static Operand? Result(IntrinsicCall call, IrValue value)
    {
        var shape = Shape(call);
        return IntrinsicCall.Of(call.B.Convert(value, shape.StackType, shape.IsSigned));
    }
}

/// <summary>Acquire loads and release stores of memory. Not for device registers: these fences do not order device accesses.</summary>
[IntrinsicType("System.Threading.Volatile")]
internal static class VolatileIntrinsics
{
    [Intrinsic("Read")]
    public static Operand? Read(IntrinsicCall call)
    {
        var shape = call.Pointee(0);
        return call.Read(call.Pointer(0), shape, shape.Alignment, isVolatile: true);
    }

    [Intrinsic("Write")]
    public static Operand? Write(IntrinsicCall call)
    {
        var shape = call.Pointee(0);
        call.Write(call.Pointer(0), call.Arguments[1], shape, shape.Alignment, isVolatile: true);
        return IntrinsicCall.Nothing;
    }

    [Intrinsic("ReadBarrier")]
    public static Operand? ReadBarrier(IntrinsicCall call) => Fence(call, MemoryOrder.Acquire);

    [Intrinsic("WriteBarrier")]
    public static Operand? WriteBarrier(IntrinsicCall call) => Fence(call, MemoryOrder.Release);

    private static Operand? Fence(IntrinsicCall call, MemoryOrder order)
    {
        call.B.Emit(new IrFence(order));
        return IntrinsicCall.Nothing;
    }
}

/// <summary>Full fences, and the hint that a processor is waiting.</summary>
[IntrinsicType("System.Threading.Thread")]
internal static class ThreadIntrinsics
{
    [Intrinsic("MemoryBarrier")]
    public static Operand? MemoryBarrier(IntrinsicCall call) => InterlockedIntrinsics.MemoryBarrier(call);
}
