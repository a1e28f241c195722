using System;
using System.Collections.Generic;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Boards;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Core.DeviceTree;
using Rvirt.Tests.SystemTests;
using Rvirt.Tool.Blobs;

namespace Rvirt.Tests.Hypervisor;

/// <summary>A machine as firmware hands it over, with a device tree and an initial RAM disk in its RAM, for the whole hypervisor to start on.</summary>
internal sealed class SetupWorld : IDisposable
{
    public const ulong Ram = 0x8000_0000, Initrd = 0x8400_0000, Tree = 0x8700_0000;
    public const int RamLength = 128 << 20, Firmware = 0x4_0000;

    /// <summary>The host's tree; tests replace parts of it.</summary>
    public const string Board = """
        /dts-v1/;
        / {
            #address-cells = <2>; #size-cells = <2>; compatible = "rvirt-made-up";
            chosen { stdout-path = "/soc/serial@10000000"; linux,initrd-start = <0 INITRD_START>; linux,initrd-end = <0 INITRD_END>; };
            cpus {
                #address-cells = <1>; #size-cells = <0>; timebase-frequency = <10000000>;
                cpu@0 { device_type = "cpu"; reg = <0>; mmu-type = "riscv,sv57"; riscv,isa = "rv64imafdc"; c0: interrupt-controller { #interrupt-cells = <1>; interrupt-controller; phandle = <1>; }; };
                cpu@1 { device_type = "cpu"; reg = <1>; mmu-type = "riscv,sv57"; riscv,isa = "rv64imafdc"; c1: interrupt-controller { #interrupt-cells = <1>; interrupt-controller; phandle = <2>; }; };
            };
            memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x8000000>; };
            reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; firmware@80000000 { reg = <0 0x80000000 0 0x40000>; no-map; }; };
            soc {
                #address-cells = <2>; #size-cells = <2>; compatible = "simple-bus"; ranges;
                test@100000 { compatible = "sifive,test0"; reg = <0 0x100000 0 0x1000>; };
                plic@c000000 { compatible = "sifive,plic-1.0.0"; reg = <0 0xc000000 0 0x600000>; riscv,ndev = <95>; interrupts-extended = <1 11 1 9 2 11 2 9>; };
                serial@10000000 { compatible = "ns16550a"; reg = <0 0x10000000 0 0x100>; interrupts = <10>; };
            };
        };
        """;

    private readonly TemporaryFolder _folder = new();

    public SetupWorld(HashSet<ulong>? unstartable = null, TranslationMode mode = TranslationMode.Sv57, int harts = 2, HartOptions? options = null, bool smallPages = false)
    {
        Machine = new Machine(RamLength, harts, options);
        Desktop = new DesktopMachine(Machine, mode) { SmallPages = smallPages };
        Desktop.Unstartable.UnionWith(unstartable ?? []);
    }

    public Machine Machine { get; }

    public DesktopMachine Desktop { get; }

    /// <summary>The hart that the firmware hands over to.</summary>
    public ulong BootHart { get; init; }

    /// <summary>The console's lines.</summary>
    public string Console => Machine.Uart.Output.Replace("\0", "", StringComparison.Ordinal);

    /// <summary>A guest of this program, at the start of a kernel.</summary>
    public GuestSpec Guest(string name, string program, ulong? memory = null, uint harts = 1, uint[]? devices = null) =>
        new(name, _folder.Write(name + ".bin", Assembler.Assemble(program, 0x8020_0000)), null, "a b", memory, harts, devices);

    /// <summary>A file of these bytes, for a guest to name.</summary>
    public string File(string name, byte[] bytes) => _folder.Write(name, bytes);

    /// <summary>Hands over guests, or any file, with a tree whose text an edit may change.</summary>
    public bool Boot(IReadOnlyList<GuestSpec> guests, Func<string, string>? edit = null) =>
        Boot<Boards<OtherBoard, Boards<MadeUpBoard>>>(guests, edit);

    public bool Boot(byte[] initrd, Func<string, string>? edit = null) => Boot<Boards<OtherBoard, Boards<MadeUpBoard>>>(initrd, edit);

    /// <summary>The same with other boards in the image.</summary>
    public bool Boot<TBoards>(IReadOnlyList<GuestSpec> guests, Func<string, string>? edit = null)
        where TBoards : struct, IBoards =>
        Boot<TBoards>(System.IO.File.ReadAllBytes(GuestMachine.PackBlob(_folder, guests)), edit);

    private bool Boot<TBoards>(byte[] initrd, Func<string, string>? edit)
        where TBoards : struct, IBoards
    {
        Machine.Load(Initrd, initrd);
        var source = Board.Replace("INITRD_START", $"0x{Initrd:x}", StringComparison.Ordinal)
            .Replace("INITRD_END", $"0x{Initrd + (ulong)initrd.Length:x}", StringComparison.Ordinal);
        Machine.Load(Tree, Tools.Compile(edit is null ? source : edit(source)));
        return Desktop.Boot<TBoards>(Tree, BootHart);
    }

    public void Dispose()
    {
        Machine.Dispose();
        _folder.Dispose();
    }

    internal readonly struct OtherBoard : IPlatform
    {
        public ReadOnlySpan<byte> Name => "another"u8;

        public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "rvirt-another"u8);

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList =>
            default(ReferenceBoard).Drivers(ref drivers);

        public ReadOnlySpan<byte> Advice(Remedy remedy) => ", as nobody does"u8;
    }

    internal readonly struct MadeUpBoard : IPlatform
    {
        public ReadOnlySpan<byte> Name => "made-up"u8;

        public bool Matches(in FdtReader tree) => tree.IsCompatible(tree.Root, "rvirt-made-up"u8);

        public void Drivers<TList>(ref TList drivers)
            where TList : struct, IDriverList
        {
            default(ReferenceBoard).Drivers(ref drivers);
            drivers.Disk<AcmeDisk.Driver>();
            drivers.Network<AcmeCard.Driver>();
        }

        public ReadOnlySpan<byte> Advice(Remedy remedy) => Encoding.ASCII.GetBytes($", by {remedy}");
    }
}
