using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Publishing;

/// <summary><c>dotnet publish</c> of a small project with an image, as a board's project has one, through its life.</summary>
public sealed class PublishTests
{
    private const string Source = """
        using System.Runtime.InteropServices;

        internal static class Program
        {
            [UnmanagedCallersOnly(EntryPoint = "answer")]
            public static int Answer(int n) => n + 41;
        }
        """;

    private readonly Dictionary<string, (int Status, string Output, DateTime Written)> _runs = [];

    // What was in the images' folder after a run: what the image does, and its flat binary.
    private readonly Dictionary<string, (int Answer, byte[] Flat, bool HasSymbols)> _left = [];
    private TemporaryFolder _folder = null!;

    private string Image => _folder.File("images/tiny.elf");

    [OneTimeSetUp]
    public void Publish()
    {
        _folder = new TemporaryFolder();
        WriteStart("Start.S", 1);
        WriteStart("Other.S", 1);
        WriteProject("2");
        WriteSource(Source);
        Run("first");
        Run("unchanged");
        File.Delete(_folder.File("images/tiny.bin"));
        Run("flat binary gone");
        WriteStart("Other.S", 2);
        Run("other assembly");
        Look("other assembly");
        Run("debug", "Debug");
        Look("debug");
        File.Delete(_folder.File("images/tiny.sym"));
        Run("release again");
        Look("release again");
        WriteProject("s");
        Run("other options");
        WriteSource(Source.Replace("41", "42", StringComparison.Ordinal));
        Run("other source");
        WriteSource(Source.Replace("n + 41", "\n            new int[n].Length", StringComparison.Ordinal));
        Run("refused");
    }

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Dispose();

    private void WriteStart(string name, int argument) =>
        _folder.Write(name, Encoding.UTF8.GetBytes($"    .globl _start\n_start: li a0, {argument}\n    call answer\n    li a7, 94\n    ecall\n"));

    private void WriteSource(string text) => _folder.Write("Program.cs", Encoding.UTF8.GetBytes(text));

    private void WriteProject(string optimization) => _folder.Write("Tiny.csproj", Encoding.UTF8.GetBytes($"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <DebugType>portable</DebugType>
            <RvirtImageDirectory>{_folder.File("images/")}</RvirtImageDirectory>
          </PropertyGroup>
          <Import Project="{Repository.Top}/Rvirt.Aot/build/Rvirt.Aot.targets" />
          <ItemGroup>
            <RvirtImage Include="tiny" Assembly="Start.S" Optimization="{optimization}" StackLimit="1024" FlatBinary="true" />
            <RvirtImage Include="other" Assembly="Other.S" Optimization="{optimization}" StackLimit="1024" />
            <RvirtImage Update="tiny" Assembly="Other.S" Condition="'$(Configuration)' == 'Debug'" />
          </ItemGroup>
        </Project>
        """));

    private void Run(string name, string configuration = "Release")
    {
        var (status, output) = Commands.Run(
            "dotnet", ["publish", _folder.File("Tiny.csproj"), "-c", configuration, "--nologo", "-m:1", "-nodeReuse:false", "-v", "minimal"], TimeSpan.FromSeconds(120));
        _runs.Add(name, (status, output, File.Exists(Image) ? File.GetLastWriteTimeUtc(Image) : default));
    }

    private void Look(string name) => _left.Add(name, (
        Commands.Run("qemu-riscv64", [Image]).Status, File.ReadAllBytes(_folder.File("images/tiny.bin")), File.Exists(_folder.File("images/tiny.sym"))));

    private bool Compiled(string name, string image = "tiny") => _runs[name].Output.Contains($"Rvirt.Aot: {image}", StringComparison.Ordinal);

    [Test]
    public void LeavesAnImageItsSymbolsAndItsFlatBinary() => Assert.Multiple(() =>
    {
        Assert.That(_runs["first"].Status, Is.Zero, _runs["first"].Output);
        Assert.That(Compiled("first"), Is.True);
        Assert.That(File.ReadAllText(_folder.File("images/tiny.sym")), Does.Contain(" _start").And.Contain(" answer"));
        Assert.That(new FileInfo(_folder.File("images/tiny.bin")).Length, Is.Positive);
    });

    [Test]
    public void CompilesNothingWhenNothingChanged() => Assert.Multiple(() =>
    {
        Assert.That(_runs["unchanged"].Status, Is.Zero, _runs["unchanged"].Output);
        Assert.That(Compiled("unchanged"), Is.False, _runs["unchanged"].Output);
        Assert.That(_runs["unchanged"].Written, Is.EqualTo(_runs["first"].Written));
    });

    [Test]
    public void MakesAFlatBinaryThatIsGone()
    {
        Assert.That(_runs["flat binary gone"].Status, Is.Zero, _runs["flat binary gone"].Output);
        Assert.That(File.Exists(_folder.File("images/tiny.bin")), Is.True);
        Assert.That(Compiled("flat binary gone", "other"), Is.False);
    }

    [Test]
    public void CompilesTheImageThatChangedAlone() => Assert.Multiple(() =>
    {
        Assert.That(Compiled("first", "other") && Compiled("other options", "other"), Is.True);
        Assert.That(Compiled("other assembly", "other"), Is.True, _runs["other assembly"].Output);
        Assert.That(Compiled("other assembly"), Is.False, _runs["other assembly"].Output);
    });

    [Test]
    public void ImagesOfOneModuleDifferInTheirAssembly() => Assert.That(Commands.Run("qemu-riscv64", [_folder.File("images/other.elf")]).Status, Is.EqualTo(44));

    [Test]
    public void TheImageIsThatOfTheConfigurationThatWasPublishedLast() => Assert.Multiple(() =>
    {
        Assert.That((_left["other assembly"].Answer, _left["debug"].Answer, _left["release again"].Answer), Is.EqualTo((42, 43, 42)));
        Assert.That(_left["debug"].Flat, Is.Not.EqualTo(_left["other assembly"].Flat));
        Assert.That(_left["release again"].Flat, Is.EqualTo(_left["other assembly"].Flat));
        Assert.That(Compiled("release again"), Is.False, "it is still there");
    });

    [Test]
    public void SymbolsThatWereRemovedComeBack() => Assert.That(_left["release again"].HasSymbols, Is.True);

    [TestCase("other options", "unchanged")]
    [TestCase("other source", "other options")]
    public void CompilesAnewWhenSomethingChanged(string run, string before) => Assert.Multiple(() =>
    {
        Assert.That(_runs[run].Status, Is.Zero, _runs[run].Output);
        Assert.That(Compiled(run), Is.True);
        Assert.That(_runs[run].Written, Is.GreaterThan(_runs[before].Written));
    });

    [Test]
    public void TheImageDoesWhatTheLastGoodSourceSays() => Assert.That(Commands.Run("qemu-riscv64", [Image]).Status, Is.EqualTo(43));

    [Test]
    public void ErrorsAreMsBuildsOwnAndFailThePublish() => Assert.Multiple(() =>
    {
        var (status, output, written) = _runs["refused"];
        Assert.That(status, Is.Not.Zero);
        Assert.That(output, Does.Match(@"(?m)/Program\.cs\(7,13\): error RVA0010: an array of int would be allocated \(reached through Program\.Answer\)"));
        Assert.That(Regex.Count(output, "error RVA0010"), Is.EqualTo(1), "said once, by MSBuild");
        Assert.That(written, Is.EqualTo(_runs["other source"].Written), "the image is left alone");
    });
}
