using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Aot.Linking;
using Rvirt.Aot.Naming;
using Rvirt.Tests.Aot.Suite;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Linking;

/// <summary>Functions of equal code are one where they are instances of one method, and stay apart where a backtrace would name another one.</summary>
[TestFixture]
public class FoldedFunctionsTests
{
    private const string Module = "/tmp/work/0.image.o";

    /// <summary>The report of lld on groups of sections.</summary>
    private static string Report(params string[][] groups) => string.Concat(groups.Select(group =>
        $"selected section {group[0]}\n{string.Concat(group.Skip(1).Select(section => $"  removing identical section {section}\n"))}"));

    private static string Function(string symbol) => $"{Module}:(.text.{symbol})";

    [Test]
    public void InstancesOfOneMethodAreFolded() => Assert.That(
        FoldedFunctions.ToKeepApart(Report([Function("N.T<A<B>>.M<C>"), Function("N.T<D>.M<E>")], [Function("N.X.M<int>~2"), Function("N.X.M<uint>~2")]), Module), Is.Empty);

    [Test]
    public void TwoMethodsAreNot() => Assert.That(
        FoldedFunctions.ToKeepApart(Report([Function("N.T.A"), Function("N.T.B")], [Function("N.U.C<int>"), Function("N.U.C<uint>")]), Module), Is.EqualTo(["N.T.B"]));

    [Test]
    public void OverloadsAreNot() => Assert.That(
        FoldedFunctions.ToKeepApart(Report([Function("N.T<int>.A"), Function("N.T<int>.A~2")]), Module), Is.EqualTo(["N.T<int>.A~2"]));

    [Test]
    public void TheMethodOfMostInstancesIsFolded() => Assert.That(
        FoldedFunctions.ToKeepApart(Report([Function("N.T.A"), Function("N.U.B<int>"), Function("N.U.B<uint>")]), Module), Is.EqualTo(["N.T.A"]));

    [Test]
    public void AMethodIsNotFoldedWithAssembly() => Assert.That(
        FoldedFunctions.ToKeepApart(Report([Function("N.T.A"), "/tmp/work/1.start.o:(.text.a)"], ["/tmp/work/1.start.o:(.text)", "/tmp/work/2.memory.o:(.text)"]), Module), Is.EqualTo(["N.T.A"]));

    [Test]
    public void NothingIsKeptApartWhereNothingWasFolded() => Assert.That(FoldedFunctions.ToKeepApart("", Module), Is.Empty);

    [TestCase("N.T.M", "N.T.M")]
    [TestCase("N.T<A<B>, C>.M<D>~2", "N.T.M~2")]
    [TestCase("N.T.<>c.<M>b__0", "N.T.c.b__0")]
    public void ADefinitionHasNoTypeArguments(string symbol, string definition) =>
        Assert.That(NameBuilder.DefinitionOf(symbol), Is.EqualTo(definition));

    /// <summary>Of the whole suite: the functions of one address have one name but for their type arguments.</summary>
    [Test]
    public void TheSuiteHasOneMethodAtEachAddress()
    {
        var (status, symbols) = Commands.Run("llvm-nm-19", ["--defined-only", TargetRun.At("2").Image]);
        Assert.That(status, Is.Zero, symbols);
        var shared = Regex.Matches(symbols, @"^(\w+) [tT] (Rvirt\..+|System\..+)$", RegexOptions.Multiline)
            .GroupBy(match => match.Groups[1].Value, match => match.Groups[2].Value)
            .Where(functions => functions.Count() > 1).ToList();
        Assert.That(shared, Is.Not.Empty, "nothing is folded");
        Assert.Multiple(() =>
        {
            foreach (var functions in shared)
            {
                Assert.That(functions.Select(WithoutArguments).Distinct().Count(), Is.EqualTo(1), string.Join(" and ", functions));
            }
        });
    }

    private static string WithoutArguments(string symbol)
    {
        for (string shorter; (shorter = Regex.Replace(symbol, "<[^<>]*>", "")) != symbol; symbol = shorter)
        {
        }
        return symbol;
    }
}
