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

/// <summary>
/// The table of fields in records that several harts reach, docs/shared-fields.md: who writes each, who reads it, and in which order. Each access that the
/// compiler finds is as its row says.
/// </summary>
public sealed class SharedFieldTests
{
    private const string Page = "docs/shared-fields.md";

    // The records that a hart can reach from another one's.
    private static readonly string[] s_records = ["VCpu", "FenceMailbox", "TicketLock", "GuestHart", "Guest", "HostCore", "HostMachine", "Inspection", "GuestCopy", "TraceRing"];

    // It places a guest's files before the guest has ever run, which is a part of set-up.
    private const string Placing = "GuestLoader";

    private static readonly string[] s_orders = ["atomic", "published", "seen", "lock", "itself", "own", "set-up"];

    private static readonly Lazy<IReadOnlyList<Use>> s_uses = new(() => [.. FindUses(ProductSources.Program, ProductSources.Program.SyntaxTrees.Where(IsOfAnImage))]);

    private static IReadOnlyDictionary<string, Row> Rows => File.ReadLines(Path.Combine(Repository.Top, Page))
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(Row.Parse).ToDictionary(row => row.Field);

    [Test]
    public void EachFieldHasARow()
    {
        Assert.That(Rows.Keys, Is.EquivalentTo(Fields(ProductSources.Program).Select(field => $"{field.Record}.{field.Name}")));
        Assert.That(Rows.Values.Select(row => row.Order), Is.All.AnyOf(s_orders));
    }

    [Test]
    public void EachAccessIsInTheOrderOfItsRow() => Assert.That(Wrong(s_uses.Value, Rows), Is.Empty);

    [Test]
    public void WritersAndReadersAreThoseOfTheRow()
    {
        var differing = new List<string>();
        foreach (var row in Rows.Values.Where(row => row.NamesAll))
        {
            var uses = s_uses.Value.Where(use => use.Field == row.Field).ToArray();
            Compare(row.Field + " is written by", row.Writers, uses.Where(use => use.Kind.Writes));
            Compare(row.Field + " is read by", row.Readers, uses.Where(use => use.Kind.Reads));
        }

        Assert.That(differing, Is.Empty, string.Join('\n', differing));

        void Compare(string text, IReadOnlyList<string> named, IEnumerable<Use> found)
        {
            var types = found.Select(use => use.Type).Distinct().Order(StringComparer.Ordinal).ToArray();
            if (!types.SequenceEqual(named))
            {
                differing.Add($"{text} {string.Join(", ", types)}, and the table has {string.Join(", ", named)}");
            }
        }
    }

    /// <summary>What the table forbids is seen: each of these stands for a field that is used in the other way.</summary>
    [TestCase("atomic", "v.Place = 1;", ExpectedResult = false)]
    [TestCase("atomic", "v.Place++;", ExpectedResult = false)]
    [TestCase("atomic", "Volatile.Write(ref v.Place, 1);", ExpectedResult = false)]
    [TestCase("atomic", "Take(ref v.Place);", ExpectedResult = false)]
    [TestCase("atomic", "_ = v.Place;", ExpectedResult = false)]
    [TestCase("atomic", "Interlocked.Or(ref v.Place, 1); _ = Volatile.Read(in v.Place);", ExpectedResult = true)]
    [TestCase("published", "v.Place = 1;", ExpectedResult = false)]
    [TestCase("published", "Volatile.Write(ref v.Place, 1);", ExpectedResult = true)]
    [TestCase("seen", "v.Place = 1; _ = Volatile.Read(in v.Place);", ExpectedResult = true)]
    [TestCase("own", "_ = Volatile.Read(in v.Place);", ExpectedResult = false)]
    [TestCase("own", "Interlocked.Exchange(ref v.Place, 1);", ExpectedResult = false)]
    [TestCase("own", "v.Place = 1;", ExpectedResult = true)]
    [TestCase("set-up", "v.Place = 1;", ExpectedResult = false)]
    [TestCase("lock", "v.Place = 1;", ExpectedResult = true)]
    public bool AnAccessIsHeldToItsOrder(string order, string code)
    {
        var tree = CSharpSyntaxTree.ParseText(
            $"using System.Threading; namespace Some; struct VCpu {{ internal int Place; }} class Who {{ void Take(ref int place) {{ }} void Do(ref VCpu v) {{ {code} }} }}");
        var program = CSharpCompilation.Create("some", [tree], ProductSources.Program.References);
        var rows = new Dictionary<string, Row> { ["VCpu.Place"] = new("VCpu.Place", order, [], []) };
        return !Wrong([.. FindUses(program, [tree])], rows).Any();
    }

    private static IEnumerable<(string Record, string Name)> Fields(CSharpCompilation program) => program.SyntaxTrees
        .SelectMany(tree => tree.GetRoot().DescendantNodes().OfType<StructDeclarationSyntax>())
        .Where(type => s_records.Contains(type.Identifier.Text))
        .SelectMany(type => type.Members.OfType<FieldDeclarationSyntax>().Where(field => !field.Modifiers.Any(SyntaxKind.ConstKeyword) && !field.Modifiers.Any(SyntaxKind.StaticKeyword))
            .SelectMany(field => field.Declaration.Variables.Select(name => (type.Identifier.Text, name.Identifier.Text))));

    private static IEnumerable<string> Wrong(IReadOnlyList<Use> uses, IReadOnlyDictionary<string, Row> rows) => uses
        .Where(use => rows.TryGetValue(use.Field, out var row) && !Allows(row.Order, use))
        .Select(use => $"{use.Place}: {use.Field} is {rows[use.Field].Order}, and here is {use.Kind.Text}");

    private static bool Allows(string order, Use use) => order switch
    {
        // Before another hart runs, and where a record is put into its first state, nobody else has it.
        "atomic" => use.Kind == Kind.Atomic || use.Kind == Kind.OrderedRead || use.IsSetUp,
        "published" => use.Kind == Kind.Atomic || use.Kind == Kind.OrderedRead || use.Kind == Kind.OrderedWrite || use.Kind == Kind.Read || use.IsSetUp,
        "seen" => use.Kind != Kind.Atomic,
        "set-up" => !use.Kind.Writes || use.IsSetUp,
        "lock" or "own" => use.Kind == Kind.Read || use.Kind == Kind.Write || use.Kind == Kind.Address,
        _ => true,
    };

    // What tests with a virtual hart has it to itself.
    private static bool IsOfAnImage(SyntaxTree tree) => ProductSources.Libraries.Contains(tree.FilePath.Split('/')[0]);

    private static IEnumerable<Use> FindUses(CSharpCompilation program, IEnumerable<SyntaxTree> trees)
    {
        var names = Fields(program).Select(field => field.Name).ToHashSet();
        foreach (var tree in trees)
        {
            var model = program.GetSemanticModel(tree);
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>().Where(name => names.Contains(name.Identifier.Text)))
            {
                if (model.GetSymbolInfo(name).Symbol is IFieldSymbol { IsStatic: false, ContainingType: { TypeKind: TypeKind.Struct } type } field && s_records.Contains(type.Name)
                    && name.Ancestors().OfType<TypeDeclarationSyntax>().FirstOrDefault() is { } around)
                {
                    ExpressionSyntax whole = name.Parent is MemberAccessExpressionSyntax member && member.Name == name ? member : name;
                    yield return new Use(
                        $"{type.Name}.{field.Name}", around.Identifier.Text, KindOf(whole, model),
                        around.Identifier.Text == Placing || model.GetDeclaredSymbol(around)!.ContainingNamespace.ToString()!.EndsWith(".Setup", StringComparison.Ordinal),
                        $"{Path.GetFileName(tree.FilePath)}({tree.GetLineSpan(name.Span).StartLinePosition.Line + 1})");
                }
            }
        }
    }

    private static Kind KindOf(ExpressionSyntax whole, SemanticModel model)
    {
        // Casts of a pointer to another one change nothing.
        SyntaxNode at = whole;
        while (at.Parent is CastExpressionSyntax or ParenthesizedExpressionSyntax or PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.AddressOfExpression or (int)SyntaxKind.PointerIndirectionExpression })
        {
            at = at.Parent;
        }

        if (at.Parent is ArgumentSyntax { RefKindKeyword.RawKind: not (int)SyntaxKind.None } argument)
        {
            var method = argument.Parent?.Parent is InvocationExpressionSyntax call ? model.GetSymbolInfo(call).Symbol as IMethodSymbol : null;
            return (method?.ContainingType.ToString(), method?.Name) switch
            {
                ("System.Threading.Interlocked", _) => Kind.Atomic,
                ("System.Threading.Volatile", "Read") => Kind.OrderedRead,
                ("System.Threading.Volatile", "Write") => Kind.OrderedWrite,
                _ => argument.RefKindKeyword.IsKind(SyntaxKind.InKeyword) ? Kind.Read : Kind.Address,
            };
        }

        return whole.Parent switch
        {
            AssignmentExpressionSyntax assignment when assignment.Left == whole => Kind.Write,
            PostfixUnaryExpressionSyntax => Kind.Write,
            PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression or (int)SyntaxKind.PreDecrementExpression } => Kind.Write,
            ArgumentSyntax { Parent: TupleExpressionSyntax { Parent: AssignmentExpressionSyntax tuple } inner } when tuple.Left == inner => Kind.Write,
            _ => Kind.Read,
        };
    }

    private sealed record Kind(string Text, bool Writes, bool Reads)
    {
        public static readonly Kind Read = new("read as any field", false, true);
        public static readonly Kind Write = new("written as any field", true, false);
        public static readonly Kind Address = new("lent to whoever is called", true, true);
        public static readonly Kind OrderedRead = new("read by Volatile", false, true);
        public static readonly Kind OrderedWrite = new("written by Volatile", true, false);
        public static readonly Kind Atomic = new("changed by Interlocked", true, true);
    }

    private sealed record Use(string Field, string Type, Kind Kind, bool IsSetUp, string Place);

    private sealed record Row(string Field, string Order, IReadOnlyList<string> Writers, IReadOnlyList<string> Readers)
    {
        // Of the others a reader learns more by the rule that their order is.
        public bool NamesAll => Order is "atomic" or "published" or "seen" or "lock";

        public static Row Parse(string line)
        {
            var cells = line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray();
            static string[] Names(string cell) => [.. cell.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(name => name.Trim('`'))];
            return new Row(cells[0].Trim('`'), cells[1], Names(cells[2]), Names(cells[3]));
        }
    }
}
