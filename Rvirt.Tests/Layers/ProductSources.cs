using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>The sources of the product as Roslyn understands them, all projects as one program.</summary>
internal static partial class ProductSources
{
    /// <summary>What judges the product, and what that stands on.</summary>
    public static readonly IReadOnlyList<string> Judges = ["Rvirt.Tests", "Rvirt.Testing", "Rvirt.Reference", "Rvirt.Desktop", "Rvirt.Fuzz"];

    /// <summary>Everything that an image is made of, from below to the top, and the desktop programs beside it.</summary>
    public static readonly IReadOnlyList<string> Libraries = ["Rvirt.Core", "Rvirt.Mmu", "Rvirt.Devices", "Rvirt.Hypervisor", "Rvirt.Boot", "Rvirt.Platform.Generic", "Rvirt.Platform.Qemu", "Rvirt.Platform.Unleashed"];

    /// <summary>What others test with: the machine that judges the libraries, and fakes for what stands on them.</summary>
    public static readonly IReadOnlyList<string> ForTests = ["Rvirt.Reference", "Rvirt.Testing"];

    /// <summary>Whatever others reference as a package.</summary>
    public static readonly IReadOnlyList<string> Packages = [.. Libraries, .. ForTests];

    /// <summary>Programs of the product that run on a desktop.</summary>
    public static readonly IReadOnlyList<string> Programs = ["Rvirt.Aot", "Rvirt.Tool"];

    /// <summary>What tries or measures the product and is no part of it: a member that is there for these alone is one that only tests use.</summary>
    public static readonly IReadOnlyList<string> Trials = ["Rvirt.Testing", "Rvirt.Fuzz", "Rvirt.Benchmarks"];

    private static readonly Lazy<CSharpCompilation> s_program = new(() => Compile(Packages.Concat(Programs).SelectMany(Files).Select(Tree)));
    private static readonly Lazy<CSharpCompilation> s_world = new(() => Compile(Packages.Concat(Programs).Concat(["Rvirt.Desktop", "Rvirt.Fuzz", "Rvirt.Benchmarks"]).SelectMany(Files).Select(Tree).Concat(Pages())));

    /// <summary>The program: all that is a package.</summary>
    public static CSharpCompilation Program => s_program.Value;

    /// <summary>The program, with all who use it but the tests: the desktop, what tries and measures, and the code that pages show.</summary>
    public static CSharpCompilation World => s_world.Value;

    /// <summary>The C# files of a project.</summary>
    public static IEnumerable<string> Files(string project) => Files(project, "*.cs");

    /// <summary>Those of a project whose names are like a pattern, without what a build leaves.</summary>
    public static IEnumerable<string> Files(string project, string pattern) => Directory.EnumerateFiles(Path.Combine(Repository.Top, project), pattern, SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(Repository.Top, file).Split('/').Any(part => part is "bin" or "obj")).Order(StringComparer.Ordinal);

    /// <summary>The namespace that a symbol's outermost type is in; null for what has none, and for what is not the product's.</summary>
    public static string? NamespaceOf(ISymbol? symbol)
    {
        while (symbol is IArrayTypeSymbol or IPointerTypeSymbol)
        {
            symbol = symbol is IArrayTypeSymbol array ? array.ElementType : ((IPointerTypeSymbol)symbol).PointedAtType;
        }

        if (symbol is null or INamespaceSymbol or ITypeParameterSymbol || !symbol.Locations.Any(place => place.IsInSource))
        {
            return null;
        }

        var name = symbol.ContainingNamespace;
        return name is null || name.IsGlobalNamespace ? null : name.ToDisplayString();
    }

    /// <summary>What the nodes of a file mean: each name's symbol, and each expression's type.</summary>
    public static IEnumerable<(SyntaxNode Node, ISymbol Symbol)> Uses(SyntaxTree tree, SemanticModel model)
    {
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            if (node is ExpressionSyntax or ConstructorInitializerSyntax or AttributeSyntax && !InUsing(node))
            {
                var info = model.GetSymbolInfo(node);
                foreach (var symbol in info.Symbol is { } found ? [found] : info.CandidateSymbols.ToArray())
                {
                    yield return (node, symbol);
                }

                if (node is ExpressionSyntax && model.GetTypeInfo(node).Type is { } type)
                {
                    yield return (node, type);
                }
            }
        }
    }

    private static bool InUsing(SyntaxNode node) => node.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null || node.Parent is BaseNamespaceDeclarationSyntax or QualifiedNameSyntax { Parent: BaseNamespaceDeclarationSyntax };

    private static SyntaxTree Tree(string file) => Tree(Path.GetRelativePath(Repository.Top, file), File.ReadAllText(file));

    /// <summary>A file of source that need not be there.</summary>
    public static SyntaxTree Tree(string name, string text) => CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Latest), name);

    // Each piece of C# that a page shows, as a file.
    private static IEnumerable<SyntaxTree> Pages() => Directory.GetDirectories(Repository.Top, "Rvirt.*").Select(folder => Path.Combine(folder, "README.md")).Where(File.Exists)
        .Concat(Directory.GetFiles(Path.Combine(Repository.Top, "docs"), "*.md")).Order(StringComparer.Ordinal)
        .SelectMany(page => Shown().Matches(File.ReadAllText(page)).Select((match, index) => Tree($"{Path.GetRelativePath(Repository.Top, page)}/{index}", match.Groups[1].Value)));

    /// <summary>Files as one program.</summary>
    public static CSharpCompilation Compile(IEnumerable<SyntaxTree> trees)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(file => !Path.GetFileName(file).StartsWith("Rvirt.", StringComparison.Ordinal)).Select(file => MetadataReference.CreateFromFile(file));
        return CSharpCompilation.Create(
            "Product", trees, references, new CSharpCompilationOptions(OutputKind.ConsoleApplication, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Shown();
}
