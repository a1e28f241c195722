using System;
using System.IO;
using System.Text;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Publishing;

/// <summary>One source in two folders gives one image: debug information names files as seen from the top of the source.</summary>
public sealed class ReproducibleImageTests
{
    private const string Source = """
        using System.Runtime.CompilerServices;
        using System.Runtime.InteropServices;

        internal static class Program
        {
            [UnmanagedCallersOnly(EntryPoint = "answer")]
            public static int Answer(int n) => Hidden.Twice(n) + s_table[n & 3];

            private static readonly int[] s_table = [1, 2, 3, 4];
        }

        file static class Hidden
        {
            [MethodImpl(MethodImplOptions.NoInlining)]
            public static int Twice(int n) => n * 2;
        }
        """;

    private static byte[] Publish(TemporaryFolder parent, string name)
    {
        var folder = parent.File(name);
        Directory.CreateDirectory(Path.Combine(folder, "Boot"));
        File.WriteAllText(Path.Combine(folder, "Boot/Start.S"), "#include \"code.inc\"\n    .globl _start\n_start: li a0, ARGUMENT\n    call answer\n    li a7, 94\n    ecall\n");
        File.WriteAllText(Path.Combine(folder, "Boot/code.inc"), "#define ARGUMENT 1\n    .section .text\nunused: ret\n");
        File.WriteAllText(Path.Combine(folder, "Boot/Empty.S"), "    .section .text\n    .set empty, 5\n    .globl empty\n");
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Source);
        File.WriteAllText(Path.Combine(folder, "Tiny.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <DebugType>portable</DebugType>
                <RvirtImageDirectory>$(MSBuildProjectDirectory)/images/</RvirtImageDirectory>
              </PropertyGroup>
              <Import Project="{Repository.Top}/Rvirt.Aot/build/Rvirt.Aot.targets" />
              <ItemGroup>
                <RvirtImage Include="tiny" Assembly="Boot/*.S" Includes="Boot" />
              </ItemGroup>
            </Project>
            """);
        var (status, output) = Commands.Run(
            "dotnet", ["publish", Path.Combine(folder, "Tiny.csproj"), "-c", "Release", "--nologo", "-m:1", "-nodeReuse:false"], TimeSpan.FromSeconds(240));
        Assert.That(status, Is.Zero, output);
        return File.ReadAllBytes(Path.Combine(folder, "images/tiny.elf"));
    }

    [Test]
    public void TwoFoldersGiveOneImage()
    {
        using var parent = new TemporaryFolder();
        var one = Publish(parent, "a");
        var other = Publish(parent, "a folder/of a longer/name");
        var text = Encoding.Latin1.GetString(one);
        Assert.Multiple(() =>
        {
            Assert.That(text, Does.Not.Contain(parent.File("")).And.Not.Contain(Path.GetTempPath()), "paths of this machine");
            Assert.That(text, Does.Contain("/_/Boot").And.Contain("Start.S").And.Contain("Program.cs"));
            Assert.That(other.AsSpan().SequenceEqual(one), Is.True, "the images differ");
        });
    }
}
