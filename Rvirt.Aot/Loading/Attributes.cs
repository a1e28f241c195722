using System.Linq;
using ICSharpCode.Decompiler.TypeSystem;

namespace Rvirt.Aot.Loading;

/// <summary>Looks up custom attributes by full name, so that the compiler need not reference the libraries that declare them.</summary>
public static class Attributes
{
    public const string AsmIntrinsic = "Rvirt.Core.Freestanding.AsmIntrinsicAttribute";
    public const string ColdPath = "Rvirt.Core.Freestanding.ColdPathAttribute";
    public const string AsmOffsets = "Rvirt.Core.Freestanding.AsmOffsetsAttribute";
    public const string LinkerSymbol = "Rvirt.Core.Freestanding.LinkerSymbolAttribute";
    public const string UnmanagedCallersOnly = "System.Runtime.InteropServices.UnmanagedCallersOnlyAttribute";
    public const string InlineArray = "System.Runtime.CompilerServices.InlineArrayAttribute";
    public const string DoesNotReturn = "System.Diagnostics.CodeAnalysis.DoesNotReturnAttribute";
    public const string Intrinsic = "System.Runtime.CompilerServices.IntrinsicAttribute";
    public const string IteratorStateMachine = "System.Runtime.CompilerServices.IteratorStateMachineAttribute";
    public const string ThreadStatic = "System.ThreadStaticAttribute";

    public static IAttribute? Find(IEntity entity, string fullName) =>
        entity.GetAttributes().FirstOrDefault(attribute => attribute.AttributeType.FullName == fullName);

    public static bool Has(IEntity entity, string fullName) => Find(entity, fullName) is not null;

    public static T? Argument<T>(this IAttribute attribute, int index)
        where T : class => attribute.FixedArguments.Length > index ? attribute.FixedArguments[index].Value as T : null;

    public static object? Named(this IAttribute attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Name == name).Value;
}
