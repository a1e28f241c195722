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
using Rvirt.Aot.Linking;
using Rvirt.Boot.Panic;
using Rvirt.Core.Freestanding;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Tests.Layers;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Boot;

/// <summary>What assembly and C# must agree on.</summary>
public class LayoutTests
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // By their prefix, what assembly calls each field, and where it is; SIZE is that of the whole.
    // Of a virtual hart only what assembly names: what is behind that it does not see.
    private static readonly Dictionary<string, (string Field, int Offset)[]> s_expected = new()
    {
        ["BOOT_INFO"] =
        [
            ("HART_ID", 0), ("DEVICE_TREE", 8), ("IMAGE_START", 16), ("IMAGE_END", 24), ("WINDOW", 32), ("SATP", 40),
            ("OPEN_START", 48), ("WINDOW_TABLES", 56), ("SIZE", 64),
        ],
        ["GUEST_CSRS"] =
        [
            ("SSTATUS", 0), ("SIE", 8), ("SIP", 16), ("STVEC", 24), ("SSCRATCH", 32), ("SEPC", 40),
            ("SCAUSE", 48), ("STVAL", 56), ("SATP", 64), ("SCOUNTEREN", 72), ("SENVCFG", 80), ("CODE_PAGE", 88),
            ("HARDWARE_SSTATUS", 96), ("PARKED_SSTATUS", 104), ("MODE", 112),
        ],
        ["HART_START"] = [("WINDOW", 0), ("SATP", 8), ("STACK", 16), ("ARGUMENT", 24), ("SIZE", 32)],
        ["HOST_FRAME"] = [("X", 0), ("SEPC", 256), ("SCAUSE", 264), ("STVAL", 272), ("SSTATUS", 280), ("SIZE", 288)],
        ["TRACE_RECORD"] = [("TIME", 0), ("PC", 8), ("CAUSE", 16), ("VALUE", 24), ("SIZE", 32)],
        ["TRACE_RING"] = [("COUNT", 0), ("TIME_REGISTER", 8), ("RECORDS", 16)],
        ["VCPU"] = [("X", 0), ("PC", 256), ("HOST_STACK", 264), ("CSRS", 304), ("COUNTERS", 552)],
    };

    private static IEnumerable<string> Expected => s_expected.Keys;

    [Test]
    public void EveryStructThatAssemblySeesHasItsOffsetsHere() =>
        Assert.That(Seen().Keys, Is.EquivalentTo(s_expected.Keys));

    /// <summary>As .NET lays the struct out, which is how the compiler does (<see cref="Aot.Layout.LayoutTests"/>).</summary>
    [TestCaseSource(nameof(Expected))]
    public void AStructHasItsOffsets(string prefix)
    {
        var type = Seen()[prefix];
        var offsets = type.GetFields(Fields).ToDictionary(field => AsmOffsetsFile.Snake(field.Name), field => Offset(type, field.Name));
        offsets["SIZE"] = Size(type);
        Assert.That(s_expected[prefix].Select(one => one.Field).Except(offsets.Keys), Is.Empty);
        Assert.That(s_expected[prefix].Select(one => (one.Field, offsets[one.Field])), Is.EqualTo(s_expected[prefix]));
    }

    [Test]
    public void EveryOffsetThatAssemblyNamesIsHere()
    {
        var named = ProductSources.Libraries.SelectMany(project => new[] { "*.S", "*.inc" }.SelectMany(kind => ProductSources.Files(project, kind))).SelectMany(file => Named(File.ReadAllText(file))).ToArray();
        Assert.That(named, Is.SupersetOf([("VCPU", "HOST_STACK"), ("GUEST_CSRS", "SCOUNTEREN"), ("TRACE_RECORD", "SIZE"), ("BOOT_INFO", "WINDOW_TABLES")]));
        Assert.That(named.Where(name => !Array.Exists(s_expected[name.Prefix], one => one.Field == name.Field)), Is.Empty);
    }

    [Test]
    public void AnOffsetIsFoundInAssembly() => Assert.That(
        Named("    sd x1, VCPU_X + 8(sp)\n#define A (VCPU_CSRS+GUEST_CSRS_NEW_ONE)\n    .skip TRACE_RECORD_SIZE, MY_VCPU_PC\n"),
        Is.EqualTo([("VCPU", "X"), ("VCPU", "CSRS"), ("GUEST_CSRS", "NEW_ONE"), ("TRACE_RECORD", "SIZE")]));

    /// <summary>A trap hands over the address of the one, and the hypervisor takes it for that of the other.</summary>
    [Test]
    public void AGuestsHartBeginsWithItsVirtualHart() => Assert.That(Offset(typeof(GuestHart<FakeHost>), nameof(GuestHart<>.V)), Is.Zero);

    /// <summary>By the low two bits of their numbers (Privileged spec 1.13, table 4): <c>HotPath</c> goes from the first to the others.</summary>
    [TestCase(nameof(GuestCsrs.Sscratch), 0x140)]
    [TestCase(nameof(GuestCsrs.Sepc), 0x141)]
    [TestCase(nameof(GuestCsrs.Scause), 0x142)]
    [TestCase(nameof(GuestCsrs.Stval), 0x143)]
    public void CsrsThatAreFoundByTheirNumberStandInItsOrder(string name, int number) => Assert.That(
        Offset(typeof(GuestCsrs), name) - Offset(typeof(GuestCsrs), nameof(GuestCsrs.Sscratch)), Is.EqualTo((number - 0x140) * 8));

    [Test]
    public void AFrameKeepsTheStackAligned() => Assert.That(Size(typeof(HostFrame)) % 16, Is.Zero);

    [TestCase("RVIRT_MAX_HARTS", Limits.MaximumHarts)]
    [TestCase("M_MAX_HARTS", Limits.MaximumHarts)]
    [TestCase("RVIRT_STACK_SIZE", Limits.StackSize)]
    [TestCase("RVIRT_TRACE_RECORDS", Limits.TraceRecords)]
    [TestCase("RVIRT_SV39_SLOTS", Rvirt.Mmu.HostTranslation.Sv39Slots)]
    public void AssemblyHasTheSameLimits(string name, int value)
    {
        var line = new[] { "Assembly/Limits.inc", "MachineMode/MachineMode.inc" }.SelectMany(file => File.ReadLines(Path.Combine(Repository.Top, "Rvirt.Boot", file)))
            .Single(l => l.StartsWith("#define " + name + " ", StringComparison.Ordinal));
        Assert.That(int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture), Is.EqualTo(value));
    }

    // The structs of the libraries, by their prefix.
    private static Dictionary<string, Type> Seen() => ProductSources.Libraries.SelectMany(name => Assembly.Load(name).GetTypes())
        .Where(type => type.GetCustomAttribute<AsmOffsetsAttribute>() is not null).ToDictionary(type => type.GetCustomAttribute<AsmOffsetsAttribute>()!.Prefix);

    private static IEnumerable<(string Prefix, string Field)> Named(string text) => Regex.Matches(text, $@"\b({string.Join('|', s_expected.Keys)})_([A-Z0-9_]+)\b")
        .Select(match => (match.Groups[1].Value, match.Groups[2].Value));

    // Between the address of a field and that of its struct, in a room for it.
    private static int Offset(Type type, string field)
    {
        var method = new DynamicMethod("", typeof(nint), [typeof(nint)], typeof(LayoutTests).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldflda, type.GetField(field, Fields)!);
        code.Emit(OpCodes.Conv_I);
        code.Emit(OpCodes.Ret);
        var room = Marshal.AllocHGlobal(Size(type));
        var place = method.CreateDelegate<Func<nint, nint>>()(room);
        Marshal.FreeHGlobal(room);
        return (int)(place - room);
    }

    private static int Size(Type type)
    {
        var method = new DynamicMethod("", typeof(int), [], typeof(LayoutTests).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Sizeof, type);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }
}
