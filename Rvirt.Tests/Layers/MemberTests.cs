using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NUnit.Framework;

namespace Rvirt.Tests.Layers;

/// <summary>
/// What nobody uses goes, and what a library shows is what somebody outside of it uses: a layer above, a program, the desktop, a benchmark, or a page.
/// What only tests use counts for nothing, so that it moves to the tests, and so does what only fakes, fuzzing and benchmarks use. Who writes a field, and
/// counts it up, does not use it: somebody reads it. Whatever is there for
/// another reason has the reason here. Packages that others test with show what those need; of them only what is not shown is judged, by whoever uses it.
/// </summary>
public sealed class MemberTests
{
    private const string OwnBackend = "for a virtio back end of one's own, which is tried on the transport";
    private const string OwnTree = "for boards and drivers that read the tree, and for who writes one to test them";
    private const string Compiler = "the compiler reads it, of the attribute as it stands in the library";
    private const string Assembly = "assembly reads it";
    private const string Registers = "for who puts the device on a bus of his own, as the fakes do";

    /// <summary>What nobody uses, by name or by the type it is of.</summary>
    private static readonly Dictionary<string, string> s_unused = new()
    {
        ["Rvirt.Core.DeviceTree.FdtWriter.Error"] = "says why a tree was not written: for who looks for the fault",
        ["Rvirt.Core.Freestanding.AsmIntrinsicAttribute.Template"] = Compiler,
        ["Rvirt.Core.Freestanding.AsmOffsetsAttribute.Prefix"] = Compiler,
        ["Rvirt.Core.Freestanding.LinkerSymbolAttribute.Name"] = Compiler,
        ["Rvirt.Core.Host.IMmio.Read64(ulong)"] = "for drivers of others, whose devices may have registers of 64 bits",
        ["Rvirt.Core.Host.IMmio.Write64(ulong, ulong)"] = "for drivers of others, whose devices may have registers of 64 bits",
        ["Rvirt.Core.Instructions.InstructionId"] = "made from the place of a row in the table",
        ["Rvirt.Core.Instructions.InstructionTable.Count"] = "the table is data, which a test goes through",
        ["Rvirt.Core.Instructions.InstructionTable.Mask(Rvirt.Core.Instructions.InstructionId)"] = "the table is data, which a test goes through",
        ["Rvirt.Core.Instructions.InstructionTable.Match(Rvirt.Core.Instructions.InstructionId)"] = "the table is data, which a test goes through",
        ["Rvirt.Core.Privileged.PrivilegeMode"] = "all modes that the specification names",
        ["Rvirt.Core.Sbi.SbiError"] = "all errors that the specification names",
        ["Rvirt.Core.VirtualHart.TrapCounters"] = "guests and the monitor read them by their place",
        ["Rvirt.Devices.Plic.VirtualPlic.Size"] = Registers,
        ["Rvirt.Devices.Uart.Uart16550.HasData"] = Registers,
        ["Rvirt.Devices.Uart.Uart16550.Size"] = Registers,
        ["Rvirt.Devices.Virtio.VirtioStatus"] = "all bits that the specification names",
        ["Rvirt.Hypervisor.Boards.Boards<TPlatform, TOthers>"] = "for images of others, with more than one board",
        ["Rvirt.Hypervisor.Host.HartStart"] = Assembly,
        ["Rvirt.Hypervisor.Host.TraceRing.TimeRegister"] = Assembly,
        ["Rvirt.Hypervisor.Setup.MemoryMap.Count"] = "the map is data, which a test goes through",
        ["Rvirt.Hypervisor.Setup.MemoryMap.this[int]"] = "the map is data, which a test goes through",
        ["Rvirt.Aot.Intrinsics.IntrinsicTable.Knows(string)"] = "the table is data, which a test goes through",
        ["Rvirt.Tool.Blobs.DeviceTreeCompiler.Compile(string, string)"] = "for benchmarks, whose guests are descriptions that no command compiles",
    };

    /// <summary>What a library shows though nobody outside of it uses it, by name or by the type it is of.</summary>
    private static readonly Dictionary<string, string> s_forUsers = new()
    {
        ["Rvirt.Core.DeviceTree.FdtNode"] = OwnTree,
        ["Rvirt.Core.DeviceTree.FdtProperty"] = OwnTree,
        ["Rvirt.Core.DeviceTree.FdtReader"] = OwnTree,
        ["Rvirt.Core.DeviceTree.FdtWriter"] = OwnTree,
        ["Rvirt.Core.Freestanding.AsmIntrinsicAttribute"] = "the compiler reads it",
        ["Rvirt.Core.Freestanding.AsmOffsetsAttribute"] = "the compiler reads it",
        ["Rvirt.Core.Freestanding.LinkerSymbolAttribute"] = "the compiler reads it",
        ["Rvirt.Devices.Virtio.DescriptorChain"] = OwnBackend,
        ["Rvirt.Devices.Virtio.QueueBuffer"] = OwnBackend,
        ["Rvirt.Devices.Virtio.QueuePlace"] = OwnBackend,
        ["Rvirt.Devices.Virtio.RingLayout"] = OwnBackend,
        ["Rvirt.Devices.Virtio.SplitQueue"] = OwnBackend,
        ["Rvirt.Mmu.GuestWalk"] = "what a walk found, for who tests page tables",
        ["Rvirt.Hypervisor.Boards.Board"] = "what the list of an image's boards says of one, whoever wrote the list",
        ["Rvirt.Hypervisor.Host.HartStart"] = "for a host of one's own, which starts harts with it",
        ["Rvirt.Platform.Generic.GenericBoard"] = "for an image that knows it beside other boards",
        ["Rvirt.Platform.Qemu.QemuVirt"] = "for an image that knows it beside other boards",
        ["Rvirt.Platform.Unleashed.HiFiveUnleashed"] = "for an image that knows it beside other boards",
    };

    private static readonly Lazy<IReadOnlyList<Member>> s_members = new(() => Find(ProductSources.World, [.. ProductSources.Packages, .. ProductSources.Programs]));

    [Test]
    public void EveryMemberIsUsed() => ExpectNone(
        member => member.IsUnused && !(member.IsShownToUsers && ProductSources.ForTests.Contains(member.Project)) && !member.IsIn(s_unused.Keys));

    [Test]
    public void WhatALibraryShowsIsUsedOutsideOfIt() => ExpectNone(
        member => member.IsShownForNobody && ProductSources.Libraries.Contains(member.Project) && !member.IsIn(s_unused.Keys.Concat(s_forUsers.Keys)));

    [Test]
    public void WhatIsArguedIsSo()
    {
        Assert.That(s_unused.Keys.Where(name => !s_members.Value.Any(member => member.IsUnused && member.IsIn([name]))), Is.Empty);
        Assert.That(s_forUsers.Keys.Where(name => !s_members.Value.Any(member => member.IsShownForNobody && member.IsIn([name]))), Is.Empty);
    }

    /// <summary>A made-up library and who uses it: which members are found.</summary>
    [Test]
    public void EachKindOfMemberIsJudged()
    {
        var found = Find(ProductSources.Compile([ProductSources.Tree("Library/File.cs", Library), ProductSources.Tree("Above/File.cs", Above), ProductSources.Tree("Rvirt.Fuzz/File.cs", Trial)]), ["Library"]);
        Assert.That(found.Where(member => member.IsUnused).Select(member => member.Symbol.Name), Is.EquivalentTo(["UnusedField", "UnusedConstant", "UnusedProperty", "Recursive", "OnlyTried", "UnusedOfFace", "UnusedType", "Two", "_written", "Counted", "Told", "Set"]));
        Assert.That(
            found.Where(member => member.IsShownForNobody).Select(member => member.Symbol.Name),
            Is.EquivalentTo(["UnusedField", "UnusedProperty", "Recursive", "OnlyInside", "UnusedType", "Counted", "Told"]));
    }

    private const string Library = """
        namespace Library;
        public interface IFace { void Used(); void UnusedOfFace(); }
        public struct Implementation : IFace { public void Used() { } public void UnusedOfFace() { } }
        public enum Kind { None, One, Two }
        public struct Shown { }
        public class UnusedType { }
        public static class Extension { public static int Extended(this int value) => value; }
        public class Type
        {
            public int UnusedField;
            public const int UnusedConstant = 1;
            private const int Bytes = 4;
            public unsafe struct Buffer { private fixed byte _bytes[Bytes]; public int First => _bytes[0]; }
            public int UnusedProperty => 1;
            private int _written, _read, _valued, _behind;
            public int Counted;
            public int Told;
            private int Set { get; set; }
            private int Setter { set => _behind = value; }
            private int Chain() { _written = 1; Counted++; Counted += 2; (_written) |= _behind; Tell(out Told); (_written, this._written) = (1, 2); Set = Setter = _read = 3; return _read + _valued++; }
            private static void Tell(out int value) => value = 1;
            public Type() => _ = new Type { _written = Chain() };
            public int Recursive(int n) => n == 0 ? 0 : Recursive(n - 1);
            public static int OnlyInside(int n) => n;
            public static int OnlyTried(int n) => n;
            public static int Called<T>(T face, Shown shown, Buffer buffer) where T : IFace { face.Used(); return OnlyInside(1) + (int)Kind.One; }
            [System.Runtime.InteropServices.UnmanagedCallersOnly] private static void Entered() { }
        }
        """;

    private const string Above = """
        namespace Above;
        using Library;
        internal static class Program { private static void Main() { Type.Called(new Implementation(), default, default); 1.Extended(); _ = new Type(); _ = Kind.None; _ = default(Type.Buffer).First; } }
        """;

    private const string Trial = """
        namespace Rvirt.Fuzz;
        internal static class Target { private static void Main() => Library.Type.OnlyTried(Library.Type.Called(new Library.Implementation(), default, default)); }
        """;

    // All that are found, not the first few.
    private static void ExpectNone(Func<Member, bool> isOne) => Assert.That(string.Join('\n', s_members.Value.Where(isOne)), Is.Empty);

    private static List<Member> Find(CSharpCompilation program, string[] projects)
    {
        var users = new ConcurrentDictionary<ISymbol, ConcurrentDictionary<string, bool>>(SymbolEqualityComparer.Default);
        program.SyntaxTrees.AsParallel().ForAll(tree =>
        {
            var project = ProjectOf(tree.FilePath);
            var model = program.GetSemanticModel(tree);
            foreach (var (node, symbol) in ProductSources.Uses(tree, model).Concat(Unnamed(tree, model)))
            {
                var definition = Definition(symbol);
                var reads = !IsOnlyWritten(node, definition);
                foreach (var used in Answers(definition).Prepend(definition).Where(used => !Within(node, used)))
                {
                    users.GetOrAdd(used, _ => new()).AddOrUpdate(project, reads, (_, read) => read || reads);
                }

                if (definition.ContainingType?.OriginalDefinition is { } type && !Within(node, type))
                {
                    users.GetOrAdd(type, _ => new())[project] = true;
                }
            }
        });

        var types = Types(program.Assembly.GlobalNamespace).Where(type => Places(type).Any()).ToArray();
        var shown = types.Where(IsVisible).SelectMany(Shown).ToHashSet<ISymbol>(SymbolEqualityComparer.Default);
        return [.. types.Select(type => (Type: type, Project: ProjectOf(Places(type).First()))).Where(found => projects.Contains(found.Project))
            .SelectMany(found => found.Type.GetMembers().Where(IsJudged).Concat(IsEntered(found.Type) ? [] : [found.Type])
                .Select(symbol => new Member(found.Project, symbol, users.TryGetValue(symbol, out var all) ? [.. all.Keys] : [], all is null ? [] : [.. all.Where(user => user.Value).Select(user => user.Key)], shown.Contains(symbol))))];
    }

    // Where it stands for a place that is filled: of a property without code of its own, or of a field. What is counted up is read where the sum is looked at.
    private static bool IsOnlyWritten(SyntaxNode node, ISymbol symbol)
    {
        if (symbol is not IFieldSymbol && !(symbol is IPropertySymbol { IsAbstract: false } property && property.ContainingType.GetMembers().OfType<IFieldSymbol>()
            .Any(field => SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property))))
        {
            return false;
        }

        while (node.Parent is ParenthesizedExpressionSyntax || (node.Parent is MemberAccessExpressionSyntax access && access.Name == node) || node.Parent is MemberBindingExpressionSyntax)
        {
            node = node.Parent;
        }

        return node.Parent switch
        {
            AssignmentExpressionSyntax into when into.Left == node => into.IsKind(SyntaxKind.SimpleAssignmentExpression) || IsStatement(into),
            PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression or (int)SyntaxKind.PreDecrementExpression } step => IsStatement(step),
            PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PostIncrementExpression or (int)SyntaxKind.PostDecrementExpression } step => IsStatement(step),
            ArgumentSyntax { RefKindKeyword.RawKind: (int)SyntaxKind.OutKeyword } => true,
            ArgumentSyntax { Parent: TupleExpressionSyntax { Parent: AssignmentExpressionSyntax apart } tuple } => apart.Left == tuple,
            _ => false,
        };
    }

    private static bool IsStatement(ExpressionSyntax expression) => expression.Parent is ExpressionStatementSyntax || (expression.Parent is ForStatementSyntax loop && loop.Incrementors.Contains(expression));

    private static string ProjectOf(string path) => path.Split('/')[0];

    private static ISymbol Definition(ISymbol symbol)
    {
        var definition = (symbol is IMethodSymbol { ReducedFrom: { } whole } ? whole : symbol).OriginalDefinition;
        return definition is IMethodSymbol { AssociatedSymbol: { } property } ? property : definition;
    }

    // Nobody names the field of an inline array, a base's constructor without parameters, nor what is entered from outside; what implements an interface is judged by it, and a zero called None is no more than zero.
    private static bool IsJudged(ISymbol member) => !member.IsImplicitlyDeclared && !member.IsOverride && member switch
    {
        INamedTypeSymbol => false,
        IFieldSymbol field => !Has(field.ContainingType, "InlineArrayAttribute") && !(field is { Name: "None", ContainingType.TypeKind: TypeKind.Enum } && Convert.ToDecimal(field.ConstantValue, null) == 0),
        IMethodSymbol method => method.MethodKind is MethodKind.Ordinary or MethodKind.Constructor
            && !(method.MethodKind == MethodKind.Constructor && method.Parameters.IsEmpty) && !IsEntry(method) && !Answers(method).Any(),
        IPropertySymbol or IEventSymbol => !Answers(member).Any(),
        _ => true,
    };

    private static bool IsEntered(INamedTypeSymbol type) => type.GetMembers().OfType<IMethodSymbol>().Any(IsEntry);

    // Entered by the runtime, by assembly, or through a table that is made from attributes.
    private static bool IsEntry(IMethodSymbol method) => method.Name is "Main" or "<Main>$" || Has(method, "UnmanagedCallersOnlyAttribute") || Has(method, "IntrinsicAttribute");

    private static bool Has(ISymbol symbol, string attribute) => symbol.GetAttributes().Any(found => found.AttributeClass?.Name == attribute);

    // The members of interfaces that a member implements.
    private static IEnumerable<ISymbol> Answers(ISymbol member) => member.ContainingType is not { TypeKind: TypeKind.Struct or TypeKind.Class } type ? [] : type.AllInterfaces.SelectMany(face => face.GetMembers())
        .Where(of => SymbolEqualityComparer.Default.Equals(type.FindImplementationForInterfaceMember(of), member)).Select(of => of.OriginalDefinition);

    // Who calls itself is not called for that.
    private static bool Within(SyntaxNode node, ISymbol symbol) => symbol is not IMethodSymbol { MethodKind: MethodKind.Constructor } && symbol.DeclaringSyntaxReferences
        .Any(place => place.SyntaxTree == node.SyntaxTree && place.Span.Contains(node.Span));

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol where) => where.GetMembers().OfType<INamespaceOrTypeSymbol>()
        .SelectMany(inside => inside is INamedTypeSymbol type ? Types(type).Prepend(type) : Types(inside));

    private static IEnumerable<string> Places(ISymbol symbol) => symbol.DeclaringSyntaxReferences.Select(place => $"{place.SyntaxTree.FilePath}:{place.SyntaxTree.GetLineSpan(place.Span).StartLinePosition.Line + 1}");

    private static bool IsVisible(ISymbol symbol) => symbol is INamespaceSymbol or null
        || (symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal && IsVisible(symbol.ContainingSymbol));

    // The types that users of a type are shown with it.
    private static IEnumerable<ITypeSymbol> Shown(INamedTypeSymbol type) => type.Interfaces.Concat(type.BaseType is { } above ? [above] : Array.Empty<ITypeSymbol>()).Concat(Constraints(type.TypeParameters))
        .Concat(type.GetMembers().Where(IsVisible).SelectMany(member => member switch
        {
            IFieldSymbol { ContainingType.TypeKind: not TypeKind.Enum } field => [field.Type],
            IPropertySymbol property => property.Parameters.Select(parameter => parameter.Type).Append(property.Type),
            IMethodSymbol method => method.Parameters.Select(parameter => parameter.Type).Append(method.ReturnType).Concat(Constraints(method.TypeParameters)),
            _ => [],
        })).SelectMany(Parts).Where(shown => !SymbolEqualityComparer.Default.Equals(shown, type));

    private static IEnumerable<ITypeSymbol> Constraints(IEnumerable<ITypeParameterSymbol> parameters) => parameters.SelectMany(parameter => parameter.ConstraintTypes);

    private static IEnumerable<ITypeSymbol> Parts(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => Parts(array.ElementType),
        IPointerTypeSymbol pointer => Parts(pointer.PointedAtType),
        INamedTypeSymbol named => named.TypeArguments.SelectMany(Parts).Append(named.OriginalDefinition),
        _ => [],
    };

    // What is called without being named: by foreach, conversions, a base's primary constructor; and what names the length of a buffer, of which a model knows nothing.
    private static IEnumerable<(SyntaxNode Node, ISymbol Symbol)> Unnamed(SyntaxTree tree, SemanticModel model)
    {
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            if (node is CommonForEachStatementSyntax loop)
            {
                var info = model.GetForEachStatementInfo(loop);
                foreach (var symbol in new ISymbol?[] { info.GetEnumeratorMethod, info.MoveNextMethod, info.CurrentProperty, info.DisposeMethod }.OfType<ISymbol>())
                {
                    yield return (node, symbol);
                }
            }
            else if (node is PrimaryConstructorBaseTypeSyntax && model.GetSymbolInfo(node).Symbol is { } constructor)
            {
                yield return (node, constructor);
            }
            else if (node is BracketedArgumentListSyntax { Parent: VariableDeclaratorSyntax } length)
            {
                foreach (var name in length.DescendantNodes().OfType<IdentifierNameSyntax>())
                {
                    foreach (var symbol in model.LookupSymbols(name.SpanStart, name: name.Identifier.Text))
                    {
                        yield return (name, symbol);
                    }
                }
            }
            else if (node is ExpressionSyntax expression && model.GetConversion(expression).MethodSymbol is { } conversion)
            {
                yield return (node, conversion);
            }
        }
    }

    private sealed record Member(string Project, ISymbol Symbol, IReadOnlyCollection<string> Users, IReadOnlyCollection<string> Readers, bool IsShown)
    {
        public bool IsUnused => !Readers.Any(user => user == Project || ProductSources.ForTests.Contains(Project) || !ProductSources.Trials.Contains(user));

        public bool IsShownToUsers => IsVisible(Symbol);

        // All of an enumeration and of an interface is shown where it is, and so are the constants of a type that is used.
        public bool IsShownForNobody => IsVisible(Symbol) && !Users.Any(user => user != Project)
            && (Symbol is INamedTypeSymbol ? !IsShown : Symbol is not IFieldSymbol { IsConst: true } && Symbol.ContainingType.TypeKind != TypeKind.Interface);

        public string Place => Places(Symbol).FirstOrDefault() ?? "";

        private string Name => Symbol.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat);

        private string? NameOfType => Symbol.ContainingType?.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat);

        public bool IsIn(IEnumerable<string> names) => names.Any(name => name == Name || name == NameOfType);

        public override string ToString() => $"{Name} ({Place})";
    }
}
