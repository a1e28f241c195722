using System;
using System.IO;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>The packages, made once for all tests of this namespace: what <c>dotnet pack</c> of the solution makes.</summary>
[SetUpFixture]
public sealed class PackageFolder
{
    /// <summary>Packages are made of optimised code: that of this run, or else built beside it.</summary>
    private static readonly string[] s_build = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name == "Release" ? ["--no-build"] : [];

    private static TemporaryFolder? s_folder;

    /// <summary>Where they lie.</summary>
    public static string Path => s_folder!.File("packages");

    [OneTimeSetUp]
    public void Pack()
    {
        s_folder = new TemporaryFolder();
        Pack("rvirt.sln", Path);
    }

    [OneTimeTearDown]
    public void Remove() => s_folder?.Dispose();

    /// <summary>Packs a project, or the solution, into a folder.</summary>
    internal static void Pack(string project, string folder, params string[] further)
    {
        var (status, output) = Commands.Run(
            "dotnet", ["pack", System.IO.Path.Combine(Repository.Top, project), "-c", "Release", .. s_build, "--nologo", "-nodeReuse:false", "-o", folder, .. further], TimeSpan.FromMinutes(3));
        Assert.That(status, Is.Zero, output);
    }
}
