namespace Rvirt.Reference.Instructions;

/// <summary>What a vector instruction does, whatever its operands are: vectors, a scalar or an immediate.</summary>
internal enum VectorOp : ushort
{
    None,

    // Configuration.
    SetI, SetII, Set,

    // Memory.
    LoadUnit, LoadMask, LoadWhole, LoadFirst, LoadStrided, LoadIndexed,
    StoreUnit, StoreMask, StoreWhole, StoreStrided, StoreIndexed,

    // Of two elements and a result as wide.
    Add, Sub, ReverseSub, MinU, Min, MaxU, Max, And, Or, Xor, ShiftLeft, ShiftRight, ShiftRightArithmetic,
    Multiply, MultiplyHigh, MultiplyHighU, MultiplyHighSU, Divide, DivideU, Remainder, RemainderU,

    // The same in fixed point.
    SaturatingAddU, SaturatingAdd, SaturatingSubU, SaturatingSub, AveragingAddU, AveragingAdd, AveragingSubU, AveragingSub,
    FractionalMultiply, ScalingShiftRight, ScalingShiftRightArithmetic,

    // Of two elements and a result half as wide as the first.
    NarrowShiftRight, NarrowShiftRightArithmetic, NarrowClipU, NarrowClip,

    // With a result twice as wide.
    WideAddU, WideAdd, WideSubU, WideSub, WideMultiplyU, WideMultiplySU, WideMultiply,

    // The same with a first element as wide as the result.
    WiderAddU, WiderAdd, WiderSubU, WiderSub,

    // With the destination as third operand.
    MultiplyAdd, NegatedMultiplySub, MultiplyAccumulate, NegatedMultiplyAccumulate,
    WideAccumulateU, WideAccumulate, WideAccumulateUS, WideAccumulateSU,

    // Extension by 2, 4 and 8.
    ZeroExtend2, ZeroExtend4, ZeroExtend8, SignExtend2, SignExtend4, SignExtend8,

    // With carry.
    AddCarry, SubBorrow, CarryOut, BorrowOut,

    // To a mask.
    Equal, NotEqual, LessU, Less, LessOrEqualU, LessOrEqual, GreaterU, Greater,

    // Choice and copy.
    Merge, Move, MoveWhole, MoveToScalar, MoveFromScalar,

    // To one element.
    ReduceSum, ReduceAnd, ReduceOr, ReduceXor, ReduceMinU, ReduceMin, ReduceMaxU, ReduceMax, WideReduceSumU, WideReduceSum,

    // Of masks.
    MaskAndNot, MaskAnd, MaskOr, MaskXor, MaskOrNot, MaskNand, MaskNor, MaskXnor,
    CountPopulation, FindFirst, SetBeforeFirst, SetOnlyFirst, SetIncludingFirst, Iota, Index,

    // Permutation.
    SlideUp, SlideDown, Slide1Up, Slide1Down, Gather, Gather16, Compress,
}
