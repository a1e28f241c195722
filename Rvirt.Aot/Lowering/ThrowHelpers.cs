using System;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Loading;
using Rvirt.Core.Freestanding;

namespace Rvirt.Aot.Lowering;

/// <summary>Methods that do nothing but throw: a call of one is a panic at the call's own line, named after what the method throws.</summary>
internal static class ThrowHelpers
{
    private const string UnmatchedSwitch = "System.Runtime.CompilerServices.SwitchExpressionException";

    /// <summary>True for such methods of the core library, and of Roslyn's own.</summary>
    public static bool Includes(IMethod method)
    {
        if (IsUnmatchedSwitch(method))
        {
            return true;
        }
        if (method.ParentModule?.Name != "System.Private.CoreLib")
        {
            return false;
        }
        return method.DeclaringType.FullName == "System.ThrowHelper"
            ? method.Name.StartsWith("Throw", StringComparison.Ordinal) && !method.Name.StartsWith("ThrowIf", StringComparison.Ordinal)
            : method.IsStatic && Attributes.Has((IMethod)method.MemberDefinition, Attributes.DoesNotReturn);
    }

    /// <summary>Full name of the exception that such a method throws.</summary>
    public static string ExceptionOf(ProgramCompiler program, IMethod method)
    {
        if (IsUnmatchedSwitch(method))
        {
            return UnmatchedSwitch;
        }
        foreach (var instruction in program.BodyOf((IMethod)method.MemberDefinition).Body.Descendants)
        {
            switch (instruction)
            {
                case Throw raise:
                    return TypeOf(raise) is { } type ? type.FullName : "System.Exception";
                case CallInstruction { Method: var inner } when Includes(inner) && !inner.MemberDefinition.Equals(method.MemberDefinition):
                    return ExceptionOf(program, inner);
            }
        }
        return "System.Exception";
    }

    /// <summary>The static type of what is thrown, or null.</summary>
    public static IType? TypeOf(Throw raise) => raise.Argument switch
    {
        NewObj create => create.Method.DeclaringType,
        CallInstruction call => call.Method.ReturnType,
        LdLoc load => load.Variable.Type,
        _ => null,
    };

    /// <summary>Exceptions that the runtime itself throws have kinds of their own.</summary>
    public static PanicKind KindOf(string exception) => exception switch
    {
        "System.IndexOutOfRangeException" => PanicKind.IndexOutOfRange,
        "System.NullReferenceException" => PanicKind.NullReference,
        "System.DivideByZeroException" => PanicKind.DivideByZero,
        "System.OverflowException" => PanicKind.Overflow,
        _ => PanicKind.Exception,
    };

    /// <summary>What Roslyn calls where a switch expression has no arm for a value; the value would be boxed.</summary>
    private static bool IsUnmatchedSwitch(IMethod method) =>
        method.DeclaringType.Name == "<PrivateImplementationDetails>" && method.Name.StartsWith("ThrowSwitchExpressionException", StringComparison.Ordinal);
}
