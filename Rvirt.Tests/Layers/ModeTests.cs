using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NUnit.Framework;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>
/// Only the folder of modes knows how guests are run (docs/architecture.md, "A trap"): where their CSRs are, and how their instructions are read. Looked up
/// in the code that the compiler made, where no way of writing hides an access.
/// </summary>
public sealed class ModeTests
{
    private const string Folder = "Rvirt.Core/Modes";

    private const string Namespace = "Rvirt.Core.Modes";

    // The places that say how guests are run: by the vector a trap came to, and between traps.
    private static readonly string[] s_choice =
    [
        "Rvirt.Hypervisor/VirtualMachines/HostMmu.cs", "Rvirt.Hypervisor/VirtualMachines/HostMode.cs",
        "Rvirt.Hypervisor/VirtualMachines/ResidentContext.cs", "Rvirt.Hypervisor/VirtualMachines/TrapContext.cs",
    ];

    private static readonly Dictionary<string, string> s_asking = new()
    {
        ["Rvirt.Hypervisor/Host/IHypervisorHost.cs"] = "has the question",
        ["Rvirt.Boot/Host/TargetHost.cs"] = "answers it",
        ["Rvirt.Hypervisor/VirtualMachines/TrapContext.cs"] = "chooses the mode between traps",
        ["Rvirt.Hypervisor/VirtualMachines/HostMmu.cs"] = "makes an MMU with the views of the mode",
        ["Rvirt.Hypervisor/Setup/HartSetup.cs"] = "a hart's context at the PLIC is that of the hypervisor's own privilege, whatever guests are",
        ["Rvirt.Hypervisor/Setup/MachineSetup.cs"] = "refuses the mode by name where the machine is not made for it",
        ["Rvirt.Hypervisor/Setup/Announce.cs"] = "says it on the console",
    };

    // Names of registers are none of an instruction.
    private static readonly HashSet<string> s_ofInstructions =
        [.. typeof(Encodings).Assembly.GetTypes().Where(type => type.Namespace == typeof(Encodings).Namespace && !type.IsNested && type != typeof(RegisterName)).Select(type => type.Name)];

    // What instructions look like, but for the folder of modes and that of instructions. A guest's come to these by its memory, or from its mode.
    private static readonly Dictionary<string, string> s_knowing = new()
    {
        ["Rvirt.Boot/Panic/PanicReport.cs"] = "looks for calls in the hypervisor's own code",
        ["Rvirt.Core/Images/FlatBinary.cs"] = "judges whether a file begins with code, before there is a guest",
        ["Rvirt.Core/Traps/DeviceAccess.cs"] = "carries out on a device what the mode has read",
        ["Rvirt.Core/VirtualHart/IGuestBus.cs"] = "names what an atomic does to a register",
        ["Rvirt.Devices/Bus/GuestBus.cs"] = "does that",
        ["Rvirt.Hypervisor/Scheduling/SpinLoop.cs"] = "guesses from a guest's RAM whether its hart waits: nothing but a slice depends on it",
        ["Rvirt.Hypervisor/VirtualMachines/GuestBreakpoints.cs"] = "writes an instruction into a guest's RAM, and reads none",
        ["Rvirt.Hypervisor/VirtualMachines/GuestReport.cs"] = "prints what the mode has read",
        ["Rvirt.Tool/Debugging/NextInstruction.cs"] = "knows for a debugger on the desktop where a hart goes on",
    };

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Libraries))]
    public void NoMethodOutsideTheFolderTouchesAGuestsCsrs(string assembly)
    {
        var touching = Uses(assembly).Where(use => use.Field && (use.Of == typeof(GuestCsrs).FullName || use.Is == $"{typeof(VCpu).FullName}.{nameof(VCpu.Csrs)}")).ToArray();
        Assert.That(touching.Where(use => !IsOfTheFolder(use)).Select(use => use.Text), Is.Empty);
        if (assembly == "Rvirt.Core")
        {
            Assert.That(touching.Length, Is.GreaterThan(100), "those of the folder are found");
        }
    }

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Libraries))]
    public void NoMethodOutsideTheFolderReadsAGuestsInstructions(string assembly)
    {
        string[] names = [nameof(IGuestFetch.TryFetch), nameof(IGuestFetch.TryFetchHalf)];
        var reading = Uses(assembly).Where(use => !use.Field && use.Of == typeof(IGuestFetch).FullName && names.Contains(use.Name)).ToArray();
        Assert.That(reading.Where(use => !IsOfTheFolder(use)).Select(use => use.Text), Is.Empty);
        if (assembly == "Rvirt.Core")
        {
            Assert.That(reading, Is.Not.Empty, "those of the folder are found");
        }
    }

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Libraries))]
    public void NoMethodOutsideTheFolderTouchesWhatAHartHoldsOfItsGuest(string assembly)
    {
        // How long v registers are, anybody may ask: set-up gives them a room.
        string[] names = [.. typeof(IFloatingPoint).GetMethods().Concat(typeof(IVectors).GetMethods()).Concat(typeof(IResidentHart).GetMethods()).Select(method => method.Name).Where(name => name != nameof(IVectors.ProbeVectorBytes)),
            nameof(ISupervisorCsrs.ReadSstatus), nameof(ISupervisorCsrs.WriteSstatus), nameof(ISupervisorCsrs.WriteScounteren)];
        string[] types = [typeof(IFloatingPoint).FullName!, typeof(IVectors).FullName!, typeof(IResidentHart).FullName!, typeof(ISupervisorCsrs).FullName!];
        var touching = Uses(assembly).Where(use => !use.Field && types.Contains(use.Of) && names.Contains(use.Name)).ToArray();
        Assert.That(touching.Where(use => !IsOfTheFolder(use)).Select(use => use.Text), Is.Empty);
        if (assembly == "Rvirt.Core")
        {
            Assert.That(touching.Select(use => use.Name).Distinct(), Is.EquivalentTo(names), "those of the folder are found");
        }
    }

    /// <summary>What follows from how guests are run, their mode says; in which of them the hypervisor runs, these alone ask.</summary>
    [Test]
    public void OnlyThoseWithAReasonAskWhereTheHypervisorRuns() =>
        Assert.That(ProductSources.Libraries.SelectMany(Files).Where(file => Words(file).Contains(nameof(IHypervisorHost.IsResident))), Is.EquivalentTo(s_asking.Keys));

    /// <summary>By the types of the folder of instructions; that nobody has an encoding of its own, <see cref="EncodingTests"/> holds.</summary>
    [Test]
    public void OnlyThoseWithAReasonKnowWhatInstructionsLookLike()
    {
        var knowing = ProductSources.Libraries.Concat(ProductSources.Programs).SelectMany(Files).Where(KnowsInstructions).ToArray();
        Assert.That(knowing.Where(file => file.StartsWith(Folder + "/", StringComparison.Ordinal)), Is.Not.Empty, "those of the folder are found");
        Assert.That(knowing.Where(file => !file.StartsWith(Folder + "/", StringComparison.Ordinal) && !file.StartsWith("Rvirt.Core/Instructions/", StringComparison.Ordinal)), Is.EquivalentTo(s_knowing.Keys));
    }

    [TestCase("class C { bool M(uint word) => word == Encodings.Pause; }", true)]
    [TestCase("class C { bool M(uint word) => Rvirt.Core.Instructions.MemoryOperation.TryDecode(word, out _); }", true)]
    [TestCase("using static Rvirt.Core.Instructions.Encodings;", true)]
    [TestCase("using Table = Rvirt.Core.Instructions.InstructionTable;", true)]
    [TestCase("class C { void M(InstructionId id) { } }", true)]
    [TestCase("class C { int M() => RegisterName.Of(1).Length; /* Encodings.Pause */ }", false)]
    public void WhoKnowsInstructionsIsFound(string source, bool knows) => Assert.That(Identifiers(source).Overlaps(s_ofInstructions), Is.EqualTo(knows));

    private static bool KnowsInstructions(string file) => Words(file).Overlaps(s_ofInstructions);

    [Test]
    public void AccessesAreFoundWhereverTheyAre() => Assert.That(
        Uses("Rvirt.Tests").Where(use => use.Field && use.Of == typeof(GuestCsrs).FullName).Select(use => use.Method),
        Has.Some.EqualTo(nameof(Reads)).And.Some.EqualTo(nameof(Writes)).And.Some.EqualTo(nameof(TakesTheAddress)));

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Libraries))]
    public void NoFileOutsideTheFolderNamesWhatIsInIt(string project)
    {
        var names = Files("Rvirt.Core").Where(file => file.StartsWith(Folder + "/", StringComparison.Ordinal)).Select(file => Path.GetFileNameWithoutExtension(file)!).ToHashSet();
        Assert.That(names, Is.SupersetOf(["DeprivilegedMode", "HotPath", "CsrFile", "SplitViews", "ViewKind", "TableClass", "ResidentMode", "NativeViews"]));
        var naming = Files(project).Where(file => !file.StartsWith(Folder + "/", StringComparison.Ordinal) && Words(file).Overlaps(names.Append("Deprivileged").Append("Resident")));
        Assert.That(naming, Is.EquivalentTo(project == "Rvirt.Hypervisor" ? s_choice : []));
    }

    // Assembly enters and leaves a guest by the head of the virtual hart. A debugger alone looks further, from outside of the image: a file without an
    // instruction gives the places of the CSRs as symbols, and the script reads those.
    [Test]
    public void NoAssemblyKnowsWhereAGuestsCsrsAre()
    {
        const string Symbols = "Rvirt.Boot/Assembly/DebuggerOffsets.S";
        string[] places = [$"{Prefix(typeof(VCpu))}_{nameof(VCpu.Csrs).ToUpperInvariant()}", Prefix(typeof(GuestCsrs)) + "_"];
        bool Names(string text) => places.Append("rvirt_offset_").Any(name => text.Contains(name, StringComparison.Ordinal));
        string[] kinds = ["*.S", "*.inc", "*.ld", "*.py"];
        var naming = ProductSources.Libraries.SelectMany(project => kinds.SelectMany(kind => ProductSources.Files(project, kind)))
            .Where(file => Names(File.ReadAllText(file))).Select(file => Path.GetRelativePath(Repository.Top, file));
        Assert.That(naming, Is.EquivalentTo([Symbols, "Rvirt.Boot/Debugger/rvirt.py"]));
        var lines = File.ReadLines(Path.Combine(Repository.Top, Symbols)).Where(line => places.Any(place => line.Contains(place, StringComparison.Ordinal))).ToArray();
        Assert.That(lines, Is.Not.Empty.And.All.StartsWith("    OFFSET "));
    }

    // What the guest is given has its number in the specification, and so has a trap that was noted down, for who reads of it: neither decides by it.
    [Test]
    public void NoFileOutsideTheFolderKnowsWhatACauseMeans()
    {
        string[] names = [nameof(ExceptionCause), nameof(Interrupts.CauseBit), nameof(Interrupts.SoftwareCause), nameof(Interrupts.TimerCause), nameof(Interrupts.ExternalCause)];
        var naming = ProductSources.Libraries.SelectMany(Files).Where(file => !file.StartsWith(Folder + "/", StringComparison.Ordinal) && Words(file).Overlaps(names));
        Assert.That(naming, Is.EquivalentTo([
            "Rvirt.Core/Privileged/ExceptionCause.cs", "Rvirt.Core/Privileged/Interrupts.cs",
            "Rvirt.Core/Traps/DeviceAccess.cs", "Rvirt.Core/Traps/TrapHandler.cs",
            "Rvirt.Hypervisor/Host/TraceText.cs"]));
    }

    // How the guest accesses memory is a number to the MMU, which the policy of the way it is run gives a meaning; the walk alone, which judges a
    // guest's entries as the specification has it, is told what that means.
    [Test]
    public void TheMmuDoesNotKnowWhatAViewIsMadeOf()
    {
        string[] parts = ["PrivilegeMode", "Sum", "Mxr", "sum", "mxr"];
        Assert.That(Files("Rvirt.Mmu").Where(file => Words(file).Overlaps(parts)), Is.EqualTo(["Rvirt.Mmu/GuestWalk.cs"]));
        var parameters = typeof(IGuestMmu<>).GetMethods().SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType).ToArray();
        Assert.That(parameters, Has.None.EqualTo(typeof(PrivilegeMode)).And.None.EqualTo(typeof(bool)).And.Some.EqualTo(typeof(int)));
    }

    private static bool IsOfTheFolder(Use use) => use.By == Namespace || use.By.StartsWith(Namespace + ".", StringComparison.Ordinal);

    private static ulong Reads(in VCpu v) => v.Csrs.Sip;

    private static void Writes(ref VCpu v) => v.Csrs.Sip = 0;

    private static ref ulong TakesTheAddress(ref GuestCsrs csrs) => ref csrs.Sip;

    private static string Prefix(Type type) => type.GetCustomAttribute<AsmOffsetsAttribute>()!.Prefix;

    private static IEnumerable<string> Files(string project) => ProductSources.Files(project).Select(file => Path.GetRelativePath(Repository.Top, file));

    // Comments may name what they like.
    private static HashSet<string> Words(string file) => Identifiers(File.ReadAllText(Path.Combine(Repository.Top, file)));

    private static HashSet<string> Identifiers(string text) => CSharpSyntaxTree.ParseText(text).GetRoot()
        .DescendantTokens().Where(token => token.IsKind(SyntaxKind.IdentifierToken)).Select(token => token.ValueText).ToHashSet();

    private static List<Use> Uses(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Assembly.Load(assembly).Location));
        var reader = file.GetMetadataReader();
        var uses = new List<Use>();
        foreach (var handle in reader.MethodDefinitions)
        {
            var method = reader.GetMethodDefinition(handle);
            if (method.RelativeVirtualAddress == 0)
            {
                continue;
            }

            var (by, name) = (Outermost(reader, method.GetDeclaringType()), reader.GetString(method.Name));
            foreach (var (code, token) in CompiledCode.Of(file.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!))
            {
                if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok && Member(reader, MetadataTokens.EntityHandle(token)) is { } member)
                {
                    uses.Add(new Use(by, name, code.OperandType == OperandType.InlineField, member.Of, member.Name));
                }
            }
        }

        return uses;
    }

    private static (string Of, string Name)? Member(MetadataReader reader, EntityHandle token) => token.Kind switch
    {
        HandleKind.MethodSpecification => Member(reader, reader.GetMethodSpecification((MethodSpecificationHandle)token).Method),
        HandleKind.MemberReference when reader.GetMemberReference((MemberReferenceHandle)token) is var member => (Type(reader, member.Parent), reader.GetString(member.Name)),
        HandleKind.FieldDefinition when reader.GetFieldDefinition((FieldDefinitionHandle)token) is var field => (Type(reader, field.GetDeclaringType()), reader.GetString(field.Name)),
        HandleKind.MethodDefinition when reader.GetMethodDefinition((MethodDefinitionHandle)token) is var method => (Type(reader, method.GetDeclaringType()), reader.GetString(method.Name)),
        _ => null,
    };

    private static string Type(MetadataReader reader, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition when reader.GetTypeDefinition((TypeDefinitionHandle)handle) is var type => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}",
        HandleKind.TypeReference when reader.GetTypeReference((TypeReferenceHandle)handle) is var type => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}",
        _ => "",
    };

    // The namespace of a type, or of the one around it.
    private static string Outermost(MetadataReader reader, TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        while (type.IsNested)
        {
            type = reader.GetTypeDefinition(type.GetDeclaringType());
        }

        return reader.GetString(type.Namespace);
    }

    private sealed record Use(string By, string Method, bool Field, string Of, string Name)
    {
        public string Is => $"{Of}.{Name}";

        public string Text => $"{By}: {Method} uses {Is}";
    }
}
