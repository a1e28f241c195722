using System;
using System.Linq;
using System.Reflection;
using NUnit.Framework;
using Rvirt.Tests.Layers;

namespace Rvirt.Tests.Reference;

/// <summary>What judges the hypervisor shares nothing with it, nor with anything that is not .NET's own.</summary>
public sealed class IndependenceTests
{
    private static readonly Assembly s_reference = typeof(Rvirt.Reference.Machine).Assembly;

    private static string[] Used(Assembly assembly) => [.. assembly.GetReferencedAssemblies().Select(name => name.Name!)];

    [Test]
    public void TheReferenceMachineIsWrittenWithoutTheHypervisor() =>
        Assert.That(Used(s_reference).Where(name => !name.StartsWith("System.", StringComparison.Ordinal)), Is.Empty);

    // It would be without a reference while it uses constants only, or sees types by InternalsVisibleTo.
    [Test]
    public void ItsProjectNamesNoOtherEither()
    {
        var project = System.IO.File.ReadAllText(System.IO.Path.Combine(SystemTests.Repository.Top, "Rvirt.Reference", "Rvirt.Reference.csproj"));
        Assert.That(project, Does.Not.Contain("ProjectReference").And.Not.Contain("PackageReference").And.Not.Contain("Compile Include"));
    }

    [Test]
    public void TheHypervisorIsWrittenWithoutTheReferenceMachine() => Assert.That(
        ProductSources.Libraries.SelectMany(name => Used(Assembly.Load(name))),
        Has.None.EqualTo(s_reference.GetName().Name));

    [Test]
    public void WhatRunsTheHypervisorOnItIsFoundByTheSameSearch() =>
        Assert.That(Used(typeof(Rvirt.Desktop.Hypervisor.DesktopMachine).Assembly), Does.Contain(s_reference.GetName().Name).And.Contain("Rvirt.Hypervisor"));
}
