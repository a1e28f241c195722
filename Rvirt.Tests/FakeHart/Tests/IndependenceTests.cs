using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.FakeHart.Tests;

/// <summary>What judges the hypervisor shares nothing with it: only the parts that run it or load guests know it.</summary>
public sealed class IndependenceTests
{
    private static readonly string Folder = Path.Combine(SystemTests.Repository.Top, "Rvirt.Tests", "FakeHart");

    private static string[] Users(string folder, SearchOption depth) =>
        [.. Directory.EnumerateFiles(Path.Combine(Folder, folder), "*.cs", depth)
            .Where(file => Regex.IsMatch(File.ReadAllText(file), @"\bRvirt\.(Core|Mmu|Devices|Boot|Platform)\b"))
            .Select(file => Path.GetFileName(file))];

    [TestCase("Harts")]
    [TestCase("Instructions")]
    [TestCase("Devices")]
    [TestCase("Firmware")]
    [TestCase("Assembly")]
    public void TheMachineIsWrittenWithoutTheHypervisor(string folder) => Assert.That(Users(folder, SearchOption.AllDirectories), Is.Empty);

    [Test]
    public void TheMachineItselfIsToo() => Assert.That(Users("", SearchOption.TopDirectoryOnly), Is.Empty);

    [Test]
    public void WhatRunsTheHypervisorIsFoundByTheSameSearch() => Assert.That(Users("Hypervisor", SearchOption.AllDirectories), Is.Not.Empty);
}
