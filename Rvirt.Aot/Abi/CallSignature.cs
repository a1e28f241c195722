using System.Collections.Generic;
using System.Linq;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Abi;

/// <summary>A method's signature down to registers.</summary>
public sealed class CallSignature
{
    public CallSignature(TypeShape result, IReadOnlyList<TypeShape> parameters)
    {
        Result = result;
        ResultMode = PassingMode.Of(result);
        Parameters = parameters;
        ParameterModes = parameters.Select(PassingMode.Of).ToList();
    }

    public TypeShape Result { get; }

    public PassingMode ResultMode { get; }

    /// <summary>Parameters as C# counts them, with <c>this</c> first.</summary>
    public IReadOnlyList<TypeShape> Parameters { get; }

    public IReadOnlyList<PassingMode> ParameterModes { get; }

    public IrType ReturnType => ResultMode.ReturnType;

    public bool HasHiddenResult => ResultMode.Kind == PassKind.Indirect;

    /// <summary>What <see cref="Extension"/> is of the result.</summary>
    public string ResultExtension => ResultMode.Kind == PassKind.Scalar ? Extension(Result) : "";

    /// <summary>
    /// Attributes of a scalar that is passed: small integers fill their register, signed or not (RISC-V calling convention, "Integer Calling
    /// Convention"). Calls of compiled code do as calls of other languages do: who uses such a value need not extend it again.
    /// </summary>
    public static string Extension(TypeShape shape) => shape is { Kind: ShapeKind.Integer, Size: <= 4 } ? "signext" : "";
}
