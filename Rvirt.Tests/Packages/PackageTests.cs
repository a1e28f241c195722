using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>What packages are made, and what each has in it.</summary>
public sealed class PackageTests
{
    /// <summary>Every package, with those that it needs: the layer below it.</summary>
    private static readonly Dictionary<string, string[]> s_packages = new()
    {
        ["Rvirt.Core"] = [],
        ["Rvirt.Mmu"] = ["Rvirt.Core"],
        ["Rvirt.Devices"] = ["Rvirt.Mmu"],
        ["Rvirt.Hypervisor"] = ["Rvirt.Devices"],
        ["Rvirt.Boot"] = ["Rvirt.Hypervisor"],
        ["Rvirt.Platform.Qemu"] = ["Rvirt.Boot"],
        ["Rvirt.Platform.Generic"] = ["Rvirt.Boot"],
        ["Rvirt.Platform.Unleashed"] = ["Rvirt.Boot"],
        ["Rvirt.Reference"] = [],
        ["Rvirt.Testing"] = ["Rvirt.Devices", "Rvirt.Reference"],
        ["Rvirt.Aot"] = [],
        ["Rvirt.Templates"] = [],
        ["Rvirt.Tool"] = [],
    };

    private static readonly Guid s_embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
    private static readonly Guid s_sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    private static IEnumerable<string> Packages() => s_packages.Keys;

    private static IEnumerable<string> Libraries() => s_packages.Keys.Where(package => package is not ("Rvirt.Aot" or "Rvirt.Templates" or "Rvirt.Tool"));

    [Test]
    public void PackMakesAPackageOfEachLibraryOfTheCompilerOfTheToolAndOfTheTemplates() =>
        Assert.That(Directory.GetFiles(PackageFolder.Path).Select(NameOf), Is.EquivalentTo(s_packages.Keys.Select(package => package + ".nupkg")));

    [TestCaseSource(nameof(Packages))]
    public void SaysWhatItIsAndWhoseAndWhereItComesFrom(string package)
    {
        using var archive = Open(package);
        var nuspec = Nuspec(archive);
        string Field(string name) => nuspec.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.Multiple(() =>
        {
            Assert.That(Field("id"), Is.EqualTo(package));
            Assert.That(Field("version"), Does.Match(@"^\d+\.\d+\.\d+"));
            Assert.That(Field("authors"), Is.EqualTo("The Rvirt authors"));
            Assert.That(Field("copyright"), Does.Contain("The Rvirt authors"));
            Assert.That(Field("license"), Is.EqualTo(package is "Rvirt.Aot" or "Rvirt.Tool" ? "Apache-2.0 AND MIT" : "Apache-2.0"), "those packages hold others' programs");
            Assert.That(Field("description"), Has.Length.GreaterThan(30).And.EndsWith(".").And.Not.EqualTo("Package Description"));
            Assert.That(Field("tags").Split(' '), Does.Contain("riscv").And.Contain("hypervisor"));
            Assert.That(Text(archive, Field("readme")), Does.StartWith($"# {package}\n\n").And.Length.GreaterThan(200));
            var repository = nuspec.Elements().Single(element => element.Name.LocalName == "repository");
            Assert.That(repository.Attribute("type")?.Value, Is.EqualTo("git"));
            Assert.That(repository.Attribute("commit")?.Value, Is.EqualTo(Git(Repository.Top, "rev-parse", "HEAD")));
            Assert.That(repository.Attribute("branch"), Is.Null, "what a branch is called here is nobody's business");
        });
    }

    [TestCaseSource(nameof(Packages))]
    public void NeedsTheLayerBelowAlone(string package)
    {
        using var archive = Open(package);
        var nuspec = Nuspec(archive);
        var version = nuspec.Elements().Single(element => element.Name.LocalName == "version").Value;
        var needs = nuspec.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => $"{element.Attribute("id")!.Value} {element.Attribute("version")!.Value}");
        Assert.That(needs, Is.EquivalentTo(s_packages[package].Select(below => $"{below} {version}")));
    }

    [TestCaseSource(nameof(Libraries))]
    public void ALibraryHasItsDocumentationAndItsSymbolsWithTheSource(string package)
    {
        using var archive = Open(package);
        Assert.That(
            archive.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/", StringComparison.Ordinal)),
            Is.EquivalentTo([$"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml"]));
        Assert.That(XDocument.Parse(Text(archive, $"lib/net10.0/{package}.xml")).Descendants("member"), Is.Not.Empty);
        CheckSymbols(Bytes(archive, $"lib/net10.0/{package}.dll"));
    }

    [Test]
    public void TheCompilerHasAllItNeedsToRunAndToBeImported()
    {
        using var archive = Open("Rvirt.Aot");
        var files = archive.Entries.Select(entry => entry.FullName).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(files, Does.Contain("build/Rvirt.Aot.props").And.Contain("build/Rvirt.Aot.targets"));
            Assert.That(files, Does.Contain("tools/Rvirt.Aot.dll").And.Contain("tools/Rvirt.Aot.runtimeconfig.json").And.Contain("tools/ICSharpCode.Decompiler.dll").And.Contain("tools/System.CommandLine.dll"));
            Assert.That(files, Does.Contain("tools/framework/System.Private.CoreLib.dll").And.Contain("tools/framework/System.Runtime.dll"));
            Assert.That(
                files.Where(name => name.StartsWith("build/Freestanding/", StringComparison.Ordinal)).Select(Path.GetFileName),
                Is.EquivalentTo(Directory.GetFiles(Path.Combine(Repository.Top, "Rvirt.Core/Freestanding"), "*.cs").Select(Path.GetFileName)));
            Assert.That(files, Does.Contain("THIRD-PARTY.txt").And.Contain("tools/framework/LICENSE.TXT").And.Contain("tools/framework/THIRD-PARTY-NOTICES.TXT"));
            Assert.That(files, Has.None.StartWith("lib/").And.None.EndWith("corelib.path"));
            Assert.That(Nuspec(archive).Elements().Single(element => element.Name.LocalName == "developmentDependency").Value, Is.EqualTo("true"));
        });
        CheckSymbols(Bytes(archive, "tools/Rvirt.Aot.dll"));
    }

    /// <summary>As a stranger installs it, where no working copy is near: it has all that it needs, and names its commands.</summary>
    [Test]
    public void TheToolIsACommand()
    {
        using var folder = new TemporaryFolder();
        var configuration = folder.Write("nuget.config", Encoding.UTF8.GetBytes($"<configuration><packageSources><clear /><add key=\"here\" value=\"{PackageFolder.Path}\" /></packageSources></configuration>"));
        var (status, output) = Commands.Run(
            "dotnet", ["tool", "install", "Rvirt.Tool", "--tool-path", folder.File("tools"), "--configfile", configuration, "--version", "0.1.0"], TimeSpan.FromMinutes(2));
        Assert.That(status, Is.Zero, output);
        (status, output) = Commands.Run(folder.File("tools/rvirt"), ["--help"]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("run <description>").And.Contain("console <guest>").And.Contain("monitor <command>").And.Contain("guests").And.Contain("completion <"));
        (status, output) = Commands.Run("env", [$"XDG_RUNTIME_DIR={folder.File("none")}", folder.File("tools/rvirt"), "guests"]);
        Assert.That((status, output.Trim()), Is.EqualTo((1, $"error: nobody shares a line at {folder.File("none/rvirt/console.sock")}: rvirt run does, and rvirt console --line PATH; or name the line here")));
        using var archive = Open("Rvirt.Tool");
        CheckSymbols(Bytes(archive, "tools/net10.0/any/Rvirt.Tool.dll"));
    }

    [Test]
    public void TheShimHasItsAssemblyAndLinkerScript()
    {
        using var archive = Open("Rvirt.Boot");
        var packed = archive.Entries.Select(entry => entry.FullName).ToArray();
        string[] folders = ["Assembly", "MachineMode", "Devices", "Linker", "Debugger"];
        var source = folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Top, "Rvirt.Boot", folder)).Select(file => $"{folder}/{Path.GetFileName(file)}"));
        Assert.That(packed.Intersect(source), Is.EquivalentTo(source).And.Not.Empty);
        Assert.That(packed, Does.Contain("buildTransitive/Rvirt.Boot.props"));
    }

    [TestCaseSource(nameof(Packages))]
    public void NamesNoPlaceOfThisMachine(string package)
    {
        using var archive = Open(package);
        string[] places = [Repository.Top + "/", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget")];
        Assert.That(
            from entry in archive.Entries
            let bytes = Bytes(archive, entry.FullName)
            from place in places
            where bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(place)) >= 0 || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(place)) >= 0
            select $"{entry.FullName}: {place}",
            Is.Empty);
    }

    [Test]
    public void IsTheSameWheneverItIsMade()
    {
        using var folder = new TemporaryFolder();
        foreach (var package in new[] { "Rvirt.Mmu", "Rvirt.Aot" })
        {
            PackageFolder.Pack(package, folder.File("again"));
            Assert.That(File.ReadAllBytes(Find(folder.File("again"), package)).AsSpan().SequenceEqual(File.ReadAllBytes(Find(PackageFolder.Path, package))), Is.True, package);
        }
    }

    /// <summary>A working copy that was cloned from somewhere: packages say from where, and symbols where each file of source is. The host is made up.</summary>
    [Test]
    public void LinksToTheSourceOfARepositoryThatHasAnAddress()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json" })
        {
            File.Copy(Path.Combine(Repository.Top, file), folder.File(file));
        }

        Directory.CreateDirectory(folder.File("Rvirt.Mmu"));
        folder.Write("Rvirt.Mmu/README.md", "# Rvirt.Mmu\n"u8);
        folder.Write("Rvirt.Mmu/One.cs", "namespace Rvirt.Mmu;\n\n/// <summary>One.</summary>\npublic static class One\n{\n    /// <summary>Itself.</summary>\n    public static int Value() => 1;\n}\n"u8);
        folder.Write("Rvirt.Mmu/Rvirt.Mmu.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <ItemGroup>
                <SourceLinkGitHubHost Include="git.example" ContentUrl="https://raw.git.example" />
              </ItemGroup>
            </Project>
            """u8);
        folder.Write(".gitignore", "bin/\nobj/\nartifacts/\n"u8);
        var top = Path.GetDirectoryName(folder.File("global.json"))!;
        Git(top, "init", "-q");
        Git(top, "remote", "add", "origin", "https://git.example/people/rvirt.git");
        Git(top, "add", "-A");
        Git(top, "-c", "user.name=N", "-c", "user.email=n@git.example", "commit", "-q", "-m", "One");
        var (status, output) = Commands.Run(
            "dotnet", ["pack", folder.File("Rvirt.Mmu"), "-c", "Release", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"], TimeSpan.FromMinutes(2));
        Assert.That(status, Is.Zero, output);

        var commit = Git(top, "rev-parse", "HEAD");
        using var archive = ZipFile.OpenRead(Find(folder.File("artifacts/packages"), "Rvirt.Mmu"));
        var repository = Nuspec(archive).Elements().Single(element => element.Name.LocalName == "repository");
        Assert.That(repository.Attribute("url")?.Value, Is.EqualTo("https://git.example/people/rvirt.git"));
        Assert.That(repository.Attribute("commit")?.Value, Is.EqualTo(commit));
        var link = Symbols(Bytes(archive, "lib/net10.0/Rvirt.Mmu.dll"), symbols => symbols.CustomDebugInformation.Select(symbols.GetCustomDebugInformation)
            .Where(information => symbols.GetGuid(information.Kind) == s_sourceLink).Select(information => Encoding.UTF8.GetString(symbols.GetBlobBytes(information.Value))).Single());
        Assert.That(link, Is.EqualTo("{\"documents\":{\"/_/*\":\"https://raw.git.example/people/rvirt/" + commit + "/*\"}}"));
    }

    private static void CheckSymbols(byte[] assembly) => Symbols(assembly, symbols =>
    {
        var documents = symbols.Documents.Select(handle => (Name: symbols.GetString(symbols.GetDocument(handle).Name), HasSource: symbols.GetCustomDebugInformation(handle)
            .Any(information => symbols.GetGuid(symbols.GetCustomDebugInformation(information).Kind) == s_embeddedSource))).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(documents, Is.Not.Empty);
            Assert.That(documents.Where(document => !document.Name.StartsWith("/_/", StringComparison.Ordinal)), Is.Empty);
            Assert.That(documents.Where(document => !document.HasSource), Is.Empty);
        });
        return true;
    });

    private static T Symbols<T>(byte[] assembly, Func<MetadataReader, T> read)
    {
        using var image = new PEReader(new MemoryStream(assembly));
        var directory = image.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        using var symbols = image.ReadEmbeddedPortablePdbDebugDirectoryData(directory);
        return read(symbols.GetMetadataReader());
    }

    private static ZipArchive Open(string package) => ZipFile.OpenRead(Find(PackageFolder.Path, package));

    private static string Find(string folder, string package) => Directory.GetFiles(folder).Single(file => NameOf(file) == package + ".nupkg");

    /// <summary>The name of a package's file without its version.</summary>
    private static string NameOf(string file) =>
        string.Join('.', Path.GetFileNameWithoutExtension(file).Split('.').TakeWhile(part => !char.IsAsciiDigit(part[0]))) + Path.GetExtension(file);

    private static XElement Nuspec(ZipArchive archive) => XDocument.Parse(Text(archive, archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).FullName)).Root!.Elements().Single();

    private static string Text(ZipArchive archive, string name) => Encoding.UTF8.GetString(Bytes(archive, name)).TrimStart('\uFEFF');

    private static byte[] Bytes(ZipArchive archive, string name)
    {
        using var stream = archive.GetEntry(name)!.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string Git(string folder, params string[] arguments)
    {
        var (status, output) = Commands.Run("git", ["-C", folder, .. arguments]);
        Assert.That(status, Is.Zero, output);
        return output.Trim();
    }
}
