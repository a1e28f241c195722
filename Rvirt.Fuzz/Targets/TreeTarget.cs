using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Fuzz.Engine;
using Rvirt.Testing.DeviceTree;
using Rvirt.Testing.Memory;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// The device-tree reader and what it tells of the host. It must agree with a second reader on every blob, read nothing outside of it,
/// and read the same again from what the writer makes of it.
/// </summary>
internal sealed unsafe class TreeTarget : IFuzzTarget
{
    public string Name => "tree";

    public int MaximumLength => 8192;

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[] { "compatible", "reg", "#address-cells", "#size-cells", "status", "okay", "device_type", "memory", "cpu", "chosen", "bootargs", "stdout-path", "ns16550a", "virtio,mmio", "sifive,plic-1.0.0", "interrupts-extended", "phandle", "timebase-frequency", "mmu-type", "riscv,sv57", "reserved-memory" }.Select(text => Encoding.ASCII.GetBytes(text + "\0")),
        [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 3], [0, 0, 0, 4], [0, 0, 0, 9], [0, 0, 0, 0, 0, 0, 0, 0],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        using var buffer = new GuardedBuffer(input);
        var plain = PlainTree.Read(input.ToArray());
        var error = FdtReader.Open(buffer.Pointer, buffer.Length, out var tree);
        FuzzException.Require(error == FdtError.None == (plain is not null), $"one reader says {error}, the other {(plain is null ? "no" : "yes")}");
        if (plain is null)
        {
            return;
        }

        var lines = Lines(tree, buffer);
        FuzzException.Require(lines.SequenceEqual(plain.Lines()), "the readers read different trees");
        WriteAndReadBack(plain, lines);
        Search(tree);
        CheckHost(tree, buffer);
        FuzzException.Require(buffer.Span.SequenceEqual(input), "reading changed the blob");
    }

    private static List<string> Lines(in FdtReader tree, GuardedBuffer buffer)
    {
        var lines = new List<string>();
        Describe(tree, tree.Root, 0, buffer, lines);
        foreach (var node in tree.Descendants(tree.Root))
        {
            Describe(tree, node, node.Depth, buffer, lines);
        }

        return lines;
    }

    private static void Describe(in FdtReader tree, FdtNode node, int depth, GuardedBuffer buffer, List<string> lines)
    {
        lines.Add($"{depth} {Encoding.Latin1.GetString(tree.Name(node))}");
        foreach (var property in tree.Properties(node))
        {
            RequireInside(property, buffer);
            lines.Add($"{depth} {Encoding.Latin1.GetString(property.Name)}={Convert.ToHexString(property.Bytes)}");
        }
    }

    private static void RequireInside(FdtProperty property, GuardedBuffer buffer) => FuzzException.Require(
        property.Length >= 0 && property.Pointer >= buffer.Pointer && property.Pointer + property.Length <= buffer.Pointer + buffer.Length, "a value outside of the blob");

    // Names that the specification allows and the writer refuses are left to it.
    private static void WriteAndReadBack(PlainTree.Node plain, List<string> lines)
    {
        var bytes = new byte[65536];
        var writer = new FdtWriter(bytes);
        Write(ref writer, plain);
        if (writer.Finish(out var length) != FdtWriteError.None)
        {
            return;
        }

        using var buffer = new GuardedBuffer(bytes.AsSpan(0, length));
        FuzzException.Require(FdtReader.Open(buffer.Pointer, buffer.Length, out var again) == FdtError.None, "what the writer wrote cannot be read");
        FuzzException.Require(Lines(again, buffer).SequenceEqual(lines), "what the writer wrote is another tree");
    }

    private static void Write(ref FdtWriter writer, PlainTree.Node node)
    {
        writer.BeginNode(Encoding.Latin1.GetBytes(node.Name));
        foreach (var (name, value) in node.Properties)
        {
            writer.Property(Encoding.Latin1.GetBytes(name), value.AsSpan());
        }

        foreach (var child in node.Children)
        {
            Write(ref writer, child);
        }

        writer.EndNode();
    }

    private static void Search(in FdtReader tree)
    {
        foreach (var path in new[] { "/", "/chosen", "/soc/serial", "serial0", "serial0/x", "//soc//", "/memory@80000000" })
        {
            tree.TryFind(Encoding.ASCII.GetBytes(path), out _);
        }

        foreach (var node in tree.Descendants(tree.Root))
        {
            tree.IsCompatible(node, "ns16550a"u8);
            var cells = 0;
            for (var i = 0; tree.TryReg(node, i, out _, out _); i++)
            {
                cells++;
            }

            tree.TryProperty(node, "reg"u8, out var reg);
            FuzzException.Require(cells * (node.AddressCells + node.SizeCells) <= reg.CellCount, "more entries than reg has cells for");
        }

        for (var i = 0; tree.TryReservation(i, out var address, out var size); i++)
        {
            FuzzException.Require((address | size) != 0, "the end of the reservations is one");
        }
    }

    private static void CheckHost(in FdtReader tree, GuardedBuffer buffer)
    {
        if (HostTree.Read(tree, 0, ulong.MaxValue, default(UsualDrivers), out var host) != HostTreeError.None)
        {
            return;
        }

        FuzzException.Require(host.HartCount is > 0 and <= HostDescription.MaximumHarts && host.Harts[host.BootHart].HartId == 0, "the boot hart is not there");
        FuzzException.Require(host.Harts[host.BootHart].PlicContext >= 0 && host.TimebaseFrequency != 0, "a machine that cannot run");
        for (var i = 1; i < host.HartCount; i++)
        {
            FuzzException.Require(host.Harts[i - 1].HartId <= host.Harts[i].HartId, "harts out of order");
        }

        var initrdFound = host.InitrdStart == host.InitrdEnd;
        for (var i = 0; i < host.MemoryBankCount; i++)
        {
            var (start, size) = (host.MemoryBanks[i].Base, host.MemoryBanks[i].Size);
            FuzzException.Require(size != 0 && start + (size - 1) >= start && (i == 0 || host.MemoryBanks[i - 1].Base <= start), "a bank that is none");
            initrdFound |= host.InitrdStart >= start && host.InitrdEnd - 1 <= start + (size - 1);
        }

        FuzzException.Require(initrdFound, "an initial RAM disk outside of memory");
        if (host.BootArguments.Length != 0)
        {
            RequireInside(host.BootArguments, buffer);
        }
    }
}
