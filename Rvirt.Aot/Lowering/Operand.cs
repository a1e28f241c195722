using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Lowering;

/// <summary>What an expression evaluates to.</summary>
/// <param name="Value">The value; for a struct, its address.</param>
/// <param name="Aggregate">Shape of a struct; null for anything else.</param>
/// <param name="IsOwned">True for a struct nobody else sees: it need not be copied.</param>
/// <param name="Boxed">For a boxed value that exists only at compile time: its type; <paramref name="Value"/> is then the unboxed value.</param>
public readonly record struct Operand(IrValue Value, TypeShape? Aggregate = null, bool IsOwned = false, IType? Boxed = null);
