using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NUnit.Framework;
using Rvirt.Core.Instructions;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>The product has each encoding of an instruction from one folder. What judges it has its own.</summary>
public sealed partial class EncodingTests
{
    private const string Folder = "Rvirt.Core/Instructions/";

    // The text of an instruction that the hart is to carry out is no number.
    private const string OwnInstructions = "Rvirt.Boot/Target/Instructions.cs";

    private static readonly Dictionary<string, ulong> s_encodings = typeof(Encodings).GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        .Where(field => field.IsLiteral).ToDictionary(field => field.Name, field => Convert.ToUInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture));

    // Words that could hardly be anything else. Below 0x100, and in a quadrant whose lowest bits are zero, numbers are of all kinds.
    private static readonly HashSet<ulong> s_words = [.. s_encodings.Values.Where(value => value > 0xff && (value & 3) != 0)];

    private static readonly HashSet<ulong> s_opcodes = [.. s_encodings.Where(one => one.Key.EndsWith("Opcode", StringComparison.Ordinal)).Select(one => one.Value)];

    [Test]
    public void AnEncodingStandsInItsFolderAlone()
    {
        Assert.That(s_words, Is.SupersetOf([0x9002UL, 0x10200073UL, 0x0100000fUL, 0x00d00073UL, 0xe003UL]));
        Assert.That(s_opcodes, Is.SupersetOf([0x63UL, 0x67UL, 0x6fUL, 0x2fUL]));
        Assert.That(ProductSources.Program.SyntaxTrees.Where(tree => IsJudged(tree.FilePath)).SelectMany(tree => Standing(tree, ProductSources.Program.GetSemanticModel(tree))), Is.Empty);
    }

    [Test]
    public void AssemblyAndScriptsHaveThemByName() => Assert.That(
        ProductSources.Libraries.SelectMany(project => new[] { "*.S", "*.inc", "*.ld", "*.py" }.SelectMany(kind => ProductSources.Files(project, kind)))
            .SelectMany(file => Numbers(File.ReadAllText(file)).Where(s_words.Contains).Select(value => $"{Path.GetRelativePath(Repository.Top, file)}: 0x{value:x}")), Is.Empty);

    [TestCase("const uint Sret = 0x10200073;", "f.cs:1: 0x10200073")]
    [TestCase("const uint Pause = 0x0100_000F;", "f.cs:1: 0x100000f")]
    [TestCase("const uint Wait = 0x00D0_0073;", "f.cs:1: 0xd00073")]
    [TestCase("const ushort Break = 0x9002;", "f.cs:1: 0x9002")]
    [TestCase("const int Break = 36866;", "f.cs:1: 0x9002")]
    [TestCase("const ushort Break = 0x9000 | 2;", "f.cs:1: 0x9002")]
    [TestCase("const int High = 0x900; const int Break = (High << 4) + 2;", "f.cs:1: 0x9002")]
    [TestCase("bool M(uint word) => (word & 0xe07f) == 1 || word is 0xa001 or 0xc001;", "f.cs:1: 0xa001, 0xc001")]
    [TestCase("bool M(uint word) => (word & 0x7f) == 1;", "f.cs:1: 0x7f")]
    [TestCase("bool M(uint word) => (127 & word) == 1;", "f.cs:1: 0x7f")]
    [TestCase("bool M(uint word) => (word & Encodings.OpcodeMask) == 0x6f;", "f.cs:1: 0x6f")]
    [TestCase("bool M(uint word) => (word & Encodings.OpcodeMask) is 0x63 or 0x67;", "f.cs:1: 0x63, 0x67")]
    [TestCase("string s = \".word 0x0100000f\";", "f.cs:1: 0x100000f")]
    public void AnEncodingIsFoundHoweverItIsWritten(string member, string expected) =>
        Assert.That(string.Join(", ", Planted(member).Select((found, index) => index == 0 ? found : found.Split(' ')[^1])), Is.EqualTo(expected));

    [TestCase("bool M(uint word) => word == Encodings.Sret;")]
    [TestCase("bool M(uint word) => (word & Encodings.OpcodeMask) == Encodings.JalOpcode;")]
    [TestCase("bool M(byte letter) => letter is >= 0x20 and < 0x7f or 0x63;")]
    [TestCase("const uint Bit = Encodings.WrsNto ^ Encodings.WrsSto;")]
    [TestCase("// 0x10200073 is sret.\nint f = 0x1000;")]
    public void AnotherNumberIsNoEncoding(string member) => Assert.That(Planted(member), Is.Empty);

    private static bool IsJudged(string file) => !file.StartsWith(Folder, StringComparison.Ordinal) && !ProductSources.ForTests.Any(project => file.StartsWith(project + "/", StringComparison.Ordinal));

    private static string[] Planted(string member)
    {
        var tree = ProductSources.Tree("f.cs", $"class C {{ {member} }}");
        var encodings = ProductSources.Tree(Folder + "Encodings.cs", File.ReadAllText(Path.Combine(Repository.Top, Folder, "Encodings.cs")) + "\nclass Here;");
        var used = ProductSources.Tree("usings.cs", "global using Rvirt.Core.Instructions;");
        return [.. Standing(tree, ProductSources.Compile([tree, encodings, used]).GetSemanticModel(tree))];
    }

    private static IEnumerable<string> Standing(SyntaxTree tree, SemanticModel model)
    {
        var knowsOpcodes = tree.GetRoot().DescendantTokens().Any(token => token.ValueText == nameof(Encodings.OpcodeMask));
        foreach (var node in tree.GetRoot().DescendantNodes().OfType<ExpressionSyntax>())
        {
            var values = node switch
            {
                LiteralExpressionSyntax literal when literal.IsKind(SyntaxKind.StringLiteralExpression) && tree.FilePath != OwnInstructions => Numbers(literal.Token.ValueText).Where(s_words.Contains),
                LiteralExpressionSyntax literal when literal.IsKind(SyntaxKind.NumericLiteralExpression) => Values(literal).Where(value => s_words.Contains(value) || (knowsOpcodes && IsOpcode(literal, value)) || (IsMasked(literal) && value == Encodings.OpcodeMask)),
                // What is made of constants; a literal in it has been looked at.
                BinaryExpressionSyntax binary when !NamesThem(binary) => Values(binary).Where(s_words.Contains),
                _ => [],
            };
            foreach (var value in values)
            {
                yield return $"{tree.FilePath}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}: 0x{value:x}";
            }
        }

        IEnumerable<ulong> Values(ExpressionSyntax node) => model.GetConstantValue(node) switch
        {
            { HasValue: true, Value: int value } => [(uint)value],
            { HasValue: true, Value: long value } => [(ulong)value],
            { HasValue: true, Value: uint or ulong or ushort or byte } constant => [Convert.ToUInt64(constant.Value, CultureInfo.InvariantCulture)],
            _ => [],
        };
    }

    private static bool NamesThem(SyntaxNode node) => node.DescendantTokens().Any(token => token.ValueText == nameof(Encodings));

    private static bool IsMasked(SyntaxNode node) => node.Parent is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.BitwiseAndExpression };

    private static bool IsOpcode(LiteralExpressionSyntax literal, ulong value) => literal.Token.Text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && s_opcodes.Contains(value);

    private static IEnumerable<ulong> Numbers(string text) => Hex().Matches(text).Select(match => ulong.TryParse(match.Groups[1].Value, NumberStyles.HexNumber, null, out var value) ? value : 0);

    [GeneratedRegex(@"\b0[xX]([0-9a-fA-F]+)\b")]
    private static partial Regex Hex();
}
