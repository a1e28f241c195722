namespace Rvirt.Aot.Lowering;

/// <summary>Why generated code calls <c>rvirt_panic</c>; mirrored by <c>Rvirt.Core.Freestanding.PanicKind</c>.</summary>
public enum PanicKind
{
    None = 0,
    IndexOutOfRange = 1,
    NullReference = 2,
    DivideByZero = 3,
    Overflow = 4,
    Exception = 5,
    Unreachable = 6,
}
