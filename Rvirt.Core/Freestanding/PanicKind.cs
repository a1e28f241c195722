namespace Rvirt.Core.Freestanding;

/// <summary>Why compiled code called <c>rvirt_panic</c>: the first argument of that function.</summary>
public enum PanicKind : uint
{
    /// <summary>No panic.</summary>
    None = 0,

    /// <summary>An index outside a span, an array or an inline array.</summary>
    IndexOutOfRange = 1,

    /// <summary>A null object reference was used.</summary>
    NullReference = 2,

    /// <summary>Division by zero.</summary>
    DivideByZero = 3,

    /// <summary>A checked operation overflowed, or the smallest integer was divided by -1.</summary>
    Overflow = 4,

    /// <summary>An exception was thrown; the second argument names its type, and its message where that is a literal.</summary>
    Exception = 5,

    /// <summary>Code that cannot be reached was.</summary>
    Unreachable = 6,
}
