using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>Each unsafe region of the product says why it is sound, as docs/testing.md has it ("Unsafe code").</summary>
public sealed class SafetyTests
{
    private const string Mark = "// SAFETY: ";

    // What the compiler trusts as it trusts a pointer, without the word.
    private static readonly string[] s_trusted = ["Unsafe", "MemoryMarshal", "CollectionsMarshal"];

    // Of these, what reads and writes nothing.
    private static readonly string[] s_harmless = ["SizeOf", "AreSame", "IsNullRef"];

    // Below that it is a formula.
    private const int FewestWords = 5;

    // Everything that is no test is product, and so is what others test with.
    private static readonly string[] s_tests = ["Rvirt.Tests", "Rvirt.Desktop", "Rvirt.Fuzz", "Rvirt.Mutation", "Rvirt.Benchmarks"];

    private static IEnumerable<string> Projects() => Directory.GetDirectories(Repository.Top, "Rvirt.*").Select(folder => Path.GetFileName(folder))
        .Where(name => !s_tests.Any(tests => name.StartsWith(tests, StringComparison.Ordinal))).Order(StringComparer.Ordinal);

    [Test]
    public void TheProductIsLookedThrough()
    {
        Assert.That(Projects(), Is.SupersetOf(["Rvirt.Aot", "Rvirt.Boot", "Rvirt.Core", "Rvirt.Devices", "Rvirt.Mmu", "Rvirt.Platform.Qemu", "Rvirt.Reference", "Rvirt.Testing", "Rvirt.Tool"]));
        var regions = Projects().SelectMany(ProductSources.Files).SelectMany(file => Regions(Parse(file, File.ReadAllText(file)))).ToArray();
        Assert.That(regions.OfType<BaseTypeDeclarationSyntax>().Count(), Is.GreaterThan(40));
        Assert.That(regions.OfType<BaseMethodDeclarationSyntax>().Count(), Is.GreaterThan(5));
        Assert.That(regions.OfType<UnsafeStatementSyntax>(), Is.Not.Empty);
        Assert.That(regions.Count(region => !IsUnsafe(region)), Is.GreaterThan(5), "members that trust without the word");
    }

    [TestCaseSource(nameof(Projects))]
    public void EveryUnsafeRegionSaysWhyItIsSound(string project) =>
        Assert.That(ProductSources.Files(project).SelectMany(file => Violations(Path.GetRelativePath(Repository.Top, file), File.ReadAllText(file))), Is.Empty);

    [TestCase("unsafe class C { int* p; }", "f.cs:1: class C: nothing says why it is sound")]
    [TestCase("class C { unsafe int M(int* p) => *p; }", "f.cs:1: M: nothing says why it is sound")]
    [TestCase("class C { unsafe int this[int i] => 0; }", "f.cs:1: this[]: nothing says why it is sound")]
    [TestCase("class C { unsafe int* P => null; }", "f.cs:1: P: nothing says why it is sound")]
    [TestCase("class C { unsafe int* f, g; }", "f.cs:1: f: nothing says why it is sound")]
    [TestCase("class C { void M() { unsafe { } } }", "f.cs:1: unsafe block: nothing says why it is sound")]
    [TestCase("class C { void M() { unsafe void L() { } } }", "f.cs:1: L: nothing says why it is sound")]
    [TestCase("unsafe delegate void D(int* p);", "f.cs:1: delegate D: nothing says why it is sound")]
    [TestCase("interface I { unsafe void M(int* p); }", "f.cs:1: M: nothing says why it is sound")]
    [TestCase("unsafe struct S { fixed byte a[4]; }", "f.cs:1: struct S: nothing says why it is sound")]
    [TestCase("// A comment.\n/// <summary>SAFETY: a type.</summary>\nunsafe class C { }", "f.cs:3: class C: nothing says why it is sound")]
    [TestCase("class C\n{\n    // SAFETY: this is what another member relies on.\n    void M() { }\n\n    unsafe void N(int* p) { }\n}", "f.cs:6: N: nothing says why it is sound")]
    [TestCase("unsafe class C\n{\n    string s = \"// SAFETY: a text is no comment at all\";\n}", "f.cs:1: class C: nothing says why it is sound")]
    [TestCase("// SAFETY: below the count.\nunsafe class C { }", "f.cs:1: \"below the count.\" is too little to be a reason")]
    [TestCase("// Safety: the caller owns all of it.\nunsafe class C { }", "f.cs:1: a reason begins with \"// SAFETY: \"", "f.cs:2: class C: nothing says why it is sound")]
    [TestCase("unsafe class C\n{\n    // SAFETY: the first and the second row.\n    void M() { }\n    // SAFETY: the first and the second row.\n    void N() { }\n}", "f.cs:5: \"the first and the second row.\" stands here twice")]
    [TestCase("class C { int f; ref int M(int i) => ref Unsafe.Add(ref f, i); }", "f.cs:1: M: nothing says why it is sound")]
    [TestCase("class C\n{\n    int f;\n    ref int this[int i]\n    {\n        get => ref System.Runtime.CompilerServices.Unsafe.Add(ref f, i);\n    }\n}", "f.cs:6: this[]: nothing says why it is sound")]
    [TestCase("class C { ref long P => ref Unsafe.As<C, long>(ref f); }", "f.cs:1: P: nothing says why it is sound")]
    [TestCase("class C { int f = Unsafe.AsRef(in g); }", "f.cs:1: f: nothing says why it is sound")]
    [TestCase("class C { void M() { void L() => MemoryMarshal.Cast<byte, ulong>(s); } }", "f.cs:1: M: nothing says why it is sound")]
    [TestCase("class C { C() => MemoryMarshal.GetReference(s); }", "f.cs:1: ConstructorDeclaration: nothing says why it is sound")]
    [TestCase("class C { object M() => (Reads)Unsafe.ReadUnaligned<int>; }", "f.cs:1: M: nothing says why it is sound")]
    [TestCase("class C { void M(List<int> l) => CollectionsMarshal.AsSpan(l); }", "f.cs:1: M: nothing says why it is sound")]
    [TestCase("class C\n{\n    unsafe void N(int* p) => Unsafe.Add(ref *p, 1);\n}", "f.cs:3: N: nothing says why it is sound")]
    [TestCase("using static System.Runtime.CompilerServices.Unsafe;", "f.cs:1: Unsafe goes by its own name")]
    [TestCase("using static System.Runtime.InteropServices.MemoryMarshal;", "f.cs:1: MemoryMarshal goes by its own name")]
    [TestCase("using Safe = System.Runtime.CompilerServices.Unsafe;", "f.cs:1: Unsafe goes by its own name")]
    public void ARegionWithoutAReasonIsFound(string source, params string[] expected) =>
        Assert.That(Violations("f.cs", source), Is.EqualTo(expected));

    [TestCase("/// <summary>A type.</summary>\n// SAFETY: nothing here follows the pointer it holds.\n[Serializable]\nunsafe class C { int* p; }")]
    [TestCase("[Serializable]\n// SAFETY: nothing here follows the pointer it holds.\nunsafe class C { int* p; }")]
    [TestCase("unsafe class C\n{\n    int M(int* p)\n    {\n        // SAFETY: the caller's integer stays in place.\n        return *p;\n    }\n}")]
    [TestCase("class C { void M() {\n// SAFETY: the caller's integer stays in place.\nunsafe { } } }")]
    [TestCase("class C { unsafe int M(int* p) =>\n    // SAFETY: the caller's integer stays in place.\n    *p; }")]
    [TestCase("class C { string s = \"unsafe class D { }\"; /* unsafe { } */ }")]
    [TestCase("class C\n{\n    int f;\n\n    /// <summary>One of them.</summary>\n    // SAFETY: only the low five bits of the number count.\n    ref int M(int i) => ref Unsafe.Add(ref f, i & 31);\n}")]
    [TestCase("// SAFETY: nothing here follows the pointer it holds.\nunsafe class C { int f; ref int M(int i) => ref Unsafe.Add(ref f, i); }")]
    [TestCase("class C { int M() => Unsafe.SizeOf<C>(); bool N() => Unsafe.AreSame(ref f, ref g); }")]
    [TestCase("using System.Runtime.CompilerServices;\nclass C { string s = \"Unsafe.Add\"; /* Unsafe.Add */ }")]
    public void AReasonInOrAboveTheRegionIsEnough(string source) => Assert.That(Violations("f.cs", source), Is.Empty);

    private static IEnumerable<string> Violations(string name, string text)
    {
        var root = Parse(name, text);
        var comments = root.DescendantTrivia().Where(trivia => trivia.IsKind(SyntaxKind.SingleLineCommentTrivia)).ToArray();
        var found = new List<(int Line, string Text)>();
        foreach (var region in Regions(root).Where(region => !region.DescendantTrivia().Any(IsReason)))
        {
            var first = IsUnsafe(region) ? region.DescendantTokens().First(token => token.IsKind(SyntaxKind.UnsafeKeyword)).GetLocation() : region.DescendantNodes().First(IsTrust).GetLocation();
            found.Add((Line(first), $"{Name(region)}: nothing says why it is sound"));
        }

        // By another name, or by none, it would not be found.
        found.AddRange(root.DescendantNodes().OfType<UsingDirectiveSyntax>().Where(directive => directive.Alias is not null || directive.StaticKeyword != default)
            .Select(directive => (Line(directive.GetLocation()), Last: directive.NamespaceOrType.ToString().Split('.')[^1])).Where(directive => s_trusted.Contains(directive.Last))
            .Select(directive => (directive.Item1, $"{directive.Last} goes by its own name")));

        var said = new HashSet<string>(StringComparer.Ordinal);
        foreach (var comment in comments)
        {
            var line = Line(comment.GetLocation());
            var reason = Reason(comment);
            if (!IsReason(comment))
            {
                if (comment.ToString().TrimStart('/', ' ').StartsWith("safety", StringComparison.OrdinalIgnoreCase))
                {
                    found.Add((line, $"a reason begins with \"{Mark}\""));
                }
            }
            else if (reason.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < FewestWords)
            {
                found.Add((line, $"\"{reason}\" is too little to be a reason"));
            }
            else if (!said.Add(reason))
            {
                found.Add((line, $"\"{reason}\" stands here twice"));
            }
        }

        return found.OrderBy(violation => violation.Line).Select(violation => $"{name}:{violation.Line}: {violation.Text}");
    }

    private static SyntaxNode Parse(string name, string text)
    {
        var tree = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Latest), name);
        Assert.That(tree.GetDiagnostics(), Is.Empty, "what the parser does not know it does not find");
        return tree.GetRoot();
    }

    // What has the word, and members that do without it what it is for.
    private static IEnumerable<SyntaxNode> Regions(SyntaxNode root) => root.DescendantNodes().Where(IsUnsafe)
        .Concat(root.DescendantNodes().Where(IsTrust).Where(node => !node.Ancestors().Any(IsUnsafe)).Select(node => node.Ancestors().First(IsMember)).Distinct());

    private static bool IsUnsafe(SyntaxNode node) => node switch
    {
        UnsafeStatementSyntax => true,
        MemberDeclarationSyntax member => member.Modifiers.Any(SyntaxKind.UnsafeKeyword),
        LocalFunctionStatementSyntax function => function.Modifiers.Any(SyntaxKind.UnsafeKeyword),
        _ => false,
    };

    private static bool IsMember(SyntaxNode node) => node is MemberDeclarationSyntax and not BaseTypeDeclarationSyntax;

    private static bool IsTrust(SyntaxNode node) => node is MemberAccessExpressionSyntax access && s_trusted.Contains(access.Expression.ToString().Split('.')[^1]) && !s_harmless.Contains(access.Name.Identifier.Text);

    private static string Name(SyntaxNode region) => region switch
    {
        UnsafeStatementSyntax => "unsafe block",
        TypeDeclarationSyntax type => $"{type.Keyword.Text} {type.Identifier.Text}",
        DelegateDeclarationSyntax type => $"delegate {type.Identifier.Text}",
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        IndexerDeclarationSyntax => "this[]",
        BaseFieldDeclarationSyntax field => field.Declaration.Variables[0].Identifier.Text,
        _ => region.Kind().ToString(),
    };

    private static bool IsReason(SyntaxTrivia trivia) => trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) && trivia.ToString().StartsWith(Mark, StringComparison.Ordinal);

    private static string Reason(SyntaxTrivia trivia) => trivia.ToString()[Math.Min(Mark.Length, trivia.ToString().Length)..];

    private static int Line(Location location) => location.GetLineSpan().StartLinePosition.Line + 1;
}
