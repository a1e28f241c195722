using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>Layers point one way, and only the shim at the end of the line touches hardware.</summary>
public partial class LayerTests
{
    private static readonly string[] HardwareAttributes = ["AsmIntrinsicAttribute", "LinkerSymbolAttribute"];

    // Instructions that change what outlasts a method; text is put together in its locals.
    private static readonly string[] s_changes = ["stfld", "stsfld", "stind", "stobj", "stelem", "cpobj", "cpblk", "initblk"];

    private static readonly Dictionary<string, string> s_ofQemu = new()
    {
        ["Rvirt.Boot/Debugger/rvirt.py"] = "a packet that its GDB stub alone has, by its name",
        ["Rvirt.Core/Host/IGuestFetch.cs"] = "what its harts leave of an older trap is why the host is asked",
        ["Rvirt.Core/Images/GuestLayout.cs"] = "what kernels are used to is where its loader puts things",
        ["Rvirt.Core/Modes/Resident/ResidentMode.cs"] = "two things that its harts do beyond the specification, which are guarded against",
        ["Rvirt.Devices/Clock/README.md"] = "what the clock is held against",
        ["Rvirt.Devices/HostDrivers/HostUart16550.cs"] = "an order of its bytes that the driver meets",
        ["Rvirt.Devices/Uart/Uart16550.cs"] = "what the UART is held against, where the chip's manual leaves it open",
        ["Rvirt.Devices/Virtio/VirtioKind.cs"] = "where the sizes of its queues are from",
        ["Rvirt.Devices/Virtio/VirtioTransport.cs"] = "what the transport is held against, where the specification leaves it open; and a vendor's number",
    };

    private static IEnumerable<MethodInfo> Methods(Assembly assembly) => assembly.GetTypes().SelectMany(type => type.GetMethods(
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Libraries))]
    public void ALibraryUsesOnlyThoseBelowIt(string name)
    {
        var allowed = ProductSources.Libraries.TakeWhile(other => other != name && !other.StartsWith("Rvirt.Platform.", StringComparison.Ordinal)).ToArray();
        var used = Assembly.Load(name).GetReferencedAssemblies().Select(reference => reference.Name!).ToArray();
        Assert.That(used, Is.Not.Empty);
        foreach (var reference in used)
        {
            Assert.That(
                allowed.Contains(reference) || reference.StartsWith("System.", StringComparison.Ordinal),
                $"{name} must not use {reference}");
        }
    }

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Libraries))]
    public void OnlyTheShimReachesHardware(string name)
    {
        var reaching = Methods(Assembly.Load(name))
            .Where(method => method.GetCustomAttributesData().Any(data => HardwareAttributes.Contains(data.AttributeType.Name))
                || method.GetCustomAttribute<DllImportAttribute>() is not null)
            .Select(method => $"{method.DeclaringType}.{method.Name}")
            .ToArray();
        Assert.That(reaching, name == "Rvirt.Boot" ? Is.Not.Empty : Is.Empty);
    }

    /// <summary>Below the boards, no name of one: not in a type or member, and not in a text that somebody reads.</summary>
    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Libraries))]
    public void OnlyABoardKnowsBoards(string name)
    {
        // The one for all others knows none either.
        if (name.StartsWith("Rvirt.Platform.", StringComparison.Ordinal) && name != "Rvirt.Platform.Generic")
        {
            Assert.That(Spoken(name), Has.Some.Matches<string>(line => BoardName().IsMatch(line!)), "the check finds a name where there is one");
            return;
        }

        var assembly = Assembly.Load(name);
        var names = assembly.GetTypes().SelectMany(type => type.GetMembers(
            BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Select(member => member.Name).Append(type.FullName!));
        Assert.That(names.Where(text => BoardName().IsMatch(text)), Is.Empty);
        Assert.That(Spoken(name).Where(text => BoardName().IsMatch(text)), Is.Empty);
    }

    // The lines of a library that have a text in them, without comments.
    private static IEnumerable<string> Spoken(string library) => Directory
        .EnumerateFiles(Path.Combine(Repository.Top, library), "*.cs", SearchOption.AllDirectories)
        .Where(path => !path.Split(Path.DirectorySeparatorChar).Intersect(["obj", "bin"]).Any())
        .SelectMany(path => File.ReadLines(path).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && line.Contains('"')).Select(line => $"{Path.GetFileName(path)}: {line}"));

    /// <summary>
    /// Below the boards, no board's name in a comment, a page, a script or a project either, no <c>compatible</c> of a board, and no address of the
    /// board that guests see but in its one table. A number behind <c>&amp;</c> is a mask.
    /// QEMU by itself is not a board: the files that say what its harts and device models do have a reason to.
    /// </summary>
    [Test]
    public void OnlyTheTableOfTheGuestsBoardHasABoardsNumbers()
    {
        const string Table = "Rvirt.Core/DeviceTree/GuestBoard.cs";
        var board = GuestBoard.Standard;
        var addresses = Enum.GetValues<GuestDeviceKind>().Where(board.Has).SelectMany(kind => Enumerable.Range(0, board[kind].Count).Select(index => board[kind].BaseOf(index))).ToHashSet();
        bool Speaks(string line) => BoardOrCompatible().IsMatch(line)
            || HexNumber().Matches(line).Any(number => ulong.TryParse(number.Groups[1].Value.Replace("_", "", StringComparison.Ordinal), NumberStyles.HexNumber, null, out var value) && addresses.Contains(value));

        var lines = BelowTheBoards().SelectMany(file => File.ReadLines(Path.Combine(Repository.Top, file)).Where(Speaks).Select(line => (File: file, Text: line.Trim()))).ToArray();
        bool IsOfTheTable((string File, string Text) line) => line.File == Table && RowOfTheTable().IsMatch(line.Text);
        Assert.That(lines.Where(line => !IsOfTheTable(line)).Select(line => $"{line.File}: {line.Text}"), Is.Empty);
        Assert.That(lines.Count(IsOfTheTable), Is.GreaterThan(addresses.Count / 2), "the check finds them where they are");
    }

    /// <summary>No file below the boards names QEMU, in whatever part of it, but those whose code or whose promise comes from what QEMU does.</summary>
    [Test]
    public void WhoNamesQemuBelowTheBoardsHasAReason() => Assert.That(
        BelowTheBoards().Where(file => File.ReadAllText(Path.Combine(Repository.Top, file)).Contains("qemu", StringComparison.OrdinalIgnoreCase)), Is.EquivalentTo(s_ofQemu.Keys));

    private static IEnumerable<string> BelowTheBoards() => ProductSources.Libraries.Where(name => !name.StartsWith("Rvirt.Platform.", StringComparison.Ordinal))
        .SelectMany(name => Directory.EnumerateFiles(Path.Combine(Repository.Top, name), "*", SearchOption.AllDirectories))
        .Where(path => !path.Split(Path.DirectorySeparatorChar).Intersect(["obj", "bin"]).Any())
        .Where(path => Path.GetExtension(path) is ".cs" or ".S" or ".inc" or ".ld" or ".md" or ".py" or ".props" or ".targets" or ".csproj")
        .Select(path => Path.GetRelativePath(Repository.Top, path));

    // A device's row, where RAM begins, and what the tree calls the machine.
    [GeneratedRegex(@"^(board\[GuestDeviceKind\.\w+\] = |var board = new GuestBoard \{|internal static ReadOnlySpan<byte> (Compatible|Model) => )")]
    private static partial Regex RowOfTheTable();

    [GeneratedRegex(@"qemu('s)? ?virt|\bvirt board|unleashed|sifive_u|fu[57]40|hifive|unmatched|visionfive|icicle|riscv-virtio", RegexOptions.IgnoreCase)]
    private static partial Regex BoardOrCompatible();

    [GeneratedRegex(@"(?<!& )\b0x([0-9a-f_]+)", RegexOptions.IgnoreCase)]
    private static partial Regex HexNumber();

    [GeneratedRegex("qemu ?virt|QEMU|unleashed|sifive_u|hifive|visionfive", RegexOptions.IgnoreCase)]
    private static partial Regex BoardName();

    /// <summary>The hart is several interfaces, so that a stand-in has what is under test and no member that only refuses.</summary>
    [Test]
    public void NoStandInForTheHostRefusesAMember()
    {
        var here = Assembly.GetExecutingAssembly();
        var hosts = here.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("Rvirt.", StringComparison.Ordinal)).Select(Assembly.Load).Append(here)
            .Where(assembly => assembly.GetReferencedAssemblies().Any(name => name.Name == "Rvirt.Core"))
            .SelectMany(Loadable)
            .Where(type => !type.IsInterface && type.GetInterfaces().Any(face => face.Namespace == "Rvirt.Core.Host"))
            .ToArray();
        var faces = new[] { "Rvirt.Core", "Rvirt.Hypervisor" }.SelectMany(name => Loadable(Assembly.Load(name)))
            .Where(type => type.IsInterface && type.Namespace is "Rvirt.Core.Host" or "Rvirt.Hypervisor.Host").ToArray();
        Assert.That(faces.Select(type => type.Name), Is.SupersetOf(["IResidentHart", "IHypervisorHost"]));
        Assert.That(hosts.Select(type => type.Name), Is.SupersetOf(["MmuHost", "DeviceHost", "TestHost"]));
        Assert.That(
            hosts.Concat(faces).SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                .Where(OnlyRefuses).Select(method => $"{method.DeclaringType!.Name}.{method.Name}"),
            Is.Empty);
    }

    // Some types are laid out for the target alone.
    private static IEnumerable<Type> Loadable(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException some)
        {
            return some.Types.OfType<Type>();
        }
    }

    [Test]
    public void ARefusalIsFoundWhereverItHides() => Assert.That(
        new[] { typeof(IHides), typeof(Refuses) }.SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)).Where(OnlyRefuses).Select(method => method.Name),
        Is.EquivalentTo([
            nameof(IHides.Silently), nameof(IHides.ByName), nameof(Refuses.Asked), nameof(Refuses.ByState), nameof(Refuses.WithAValue), nameof(Refuses.BySomethingMade), nameof(Refuses.WithANumber),
        ]));

    private interface IHides
    {
        void Silently() => throw new NotSupportedException();

        void ByName() => throw new NotSupportedException("by name");

        int Answers() => 1;
    }

    private readonly struct Refuses(int[] noted) : IHides
    {
        public void Asked() => throw new NotImplementedException();

        public void ByState() => throw new InvalidOperationException("registers are words");

        public int WithAValue(int value) => throw new ArgumentOutOfRangeException(nameof(value), value, null);

        public void BySomethingMade() => throw Made();

        public void WithANumber(int number) => throw new InvalidOperationException($"no register {number}");

        public void Judges(int number) => noted[0] = number < 1 ? number : throw new InvalidOperationException("too much");

        public void Notes(int number)
        {
            noted[0] = number;
            throw new InvalidOperationException("the end");
        }

        private static InvalidOperationException Made() => new("made elsewhere");
    }

    // Whatever it throws and however that is made: a body that never returns, decides nothing and changes nothing.
    private static bool OnlyRefuses(MethodInfo method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { Length: > 0 } body)
        {
            return false;
        }

        var codes = CompiledCode.Of(body).ConvertAll(one => one.Code);
        return codes[^1] == OpCodes.Throw && !codes.Exists(code =>
            code.FlowControl is FlowControl.Return or FlowControl.Branch or FlowControl.Cond_Branch || s_changes.Any(change => code.Name!.StartsWith(change, StringComparison.Ordinal)));
    }

    [Test]
    public void TheInstructionsOfTheHartStandInOnePlace()
    {
        var places = Methods(Assembly.Load("Rvirt.Boot"))
            .Where(method => method.GetCustomAttributesData().Any(data => data.AttributeType.Name == "AsmIntrinsicAttribute"))
            .Select(method => method.DeclaringType!.FullName)
            .Distinct();
        Assert.That(places, Has.Exactly(1).Items);
    }
}
