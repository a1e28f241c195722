using System;
using System.IO;
using System.Linq;
using System.Reflection;
using NUnit.Framework;
using Rvirt.Tests.Layers;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>What <c>make api</c> writes: a page for each type that a library shows, with what the source says of it.</summary>
[Category("System")]
// Alone: builds where all tests' programs lie.
[NonParallelizable]
public sealed class ApiPageTests
{
    [Test]
    public void EveryTypeHasAPageWithItsSummaryAndItsMembers()
    {
        var (status, output) = Commands.Run("env", ["-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES", "make", "-C", Repository.Top, "api"], TimeSpan.FromMinutes(5));
        Assert.That(status, Is.Zero, output);
        var folder = Path.Combine(Repository.Top, "artifacts/api-pages");
        var types = ProductSources.Packages.SelectMany(library => Assembly.Load(library).GetExportedTypes()).Where(type => !type.Name.StartsWith('<')).ToArray();
        Assert.That(types.Select(type => type.FullName!.Replace('+', '.').Replace('`', '-') + ".md").Where(page => !File.Exists(Path.Combine(folder, page))), Is.Empty);
        var walk = File.ReadAllText(Path.Combine(folder, "Rvirt.Mmu.GuestWalk.md"));
        Assert.That(walk, Does.Contain("A walk of the guest's own page tables").And.Contain("public readonly ulong Table(int level)").And.Contain("Guest physical address of the table that was read at a level"));
    }
}
