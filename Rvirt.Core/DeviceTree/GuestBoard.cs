using System;
using System.Runtime.CompilerServices;

namespace Rvirt.Core.DeviceTree;

/// <summary>
/// What a guest's machine has, and where: the one table that its bus decodes by, that its device tree is written from, and that
/// docs/guests.md shows.
/// </summary>
/// <remarks>
/// A value with a row for each kind of device. Set-up begins with <see cref="Standard"/>, and takes out what the guest does not get; no
/// other place has an address or an interrupt of a guest's device.
/// </remarks>
public struct GuestBoard
{
    /// <summary>Most harts of a guest: the one limit that its description and its PLIC share.</summary>
    public const int MaximumHarts = 8;

    /// <summary>Most virtio-mmio slots.</summary>
    public const int MaximumVirtioSlots = 8;

    /// <summary>Most interrupt sources.</summary>
    public const uint MaximumSources = 95;

    /// <summary>Bytes from one virtio-mmio slot to the next.</summary>
    public const ulong VirtioSlotSize = 0x1000;

    /// <summary>The machine's kind, as its device tree says it.</summary>
    internal static ReadOnlySpan<byte> Compatible => "riscv-virtio"u8;

    /// <summary>Its model, likewise.</summary>
    internal static ReadOnlySpan<byte> Model => "riscv-virtio,rvirt"u8;

    private const int Kinds = (int)GuestDeviceKind.Virtio + 1;

    private WindowList _windows;

    /// <summary>The machine that guests see on every board, whatever that is: one that distributions build for, so that what they built runs unchanged.</summary>
    public static GuestBoard Standard
    {
        get
        {
            var board = new GuestBoard { MemoryBase = 0x80000000, PlicSources = 0x5f, UartClockFrequency = 3686400 };
            board[GuestDeviceKind.Plic] = new GuestWindow(0xc000000, 0x600000);
            board[GuestDeviceKind.TestDevice] = new GuestWindow(0x100000, 0x1000);
            board[GuestDeviceKind.Clock] = new GuestWindow(0x101000, 0x1000, interrupt: 11);
            board[GuestDeviceKind.Uart] = new GuestWindow(0x10000000, 0x100, interrupt: 10);
            board[GuestDeviceKind.Virtio] = new GuestWindow(0x10001000, VirtioSlotSize, interrupt: 1, count: MaximumVirtioSlots);
            return board;
        }
    }

    /// <summary>Guest physical address of RAM.</summary>
    public ulong MemoryBase { readonly get; set; }

    /// <summary>Interrupt sources of the PLIC, 1 to this number (<c>riscv,ndev</c>).</summary>
    internal uint PlicSources { readonly get; set; }

    /// <summary>The UART's input clock in Hz.</summary>
    internal uint UartClockFrequency { readonly get; set; }

    /// <summary>The row of a kind of device; a row of no devices where the machine has none.</summary>
    public GuestWindow this[GuestDeviceKind kind]
    {
        readonly get => _windows[(int)kind];
        set => _windows[(int)kind] = value;
    }

    /// <summary>Whether the machine has a device of a kind.</summary>
    public readonly bool Has(GuestDeviceKind kind) => this[kind].Count != 0;

    /// <summary>Takes a kind of device out.</summary>
    public void Remove(GuestDeviceKind kind) => this[kind] = default;

    /// <summary>
    /// Whether the rows agree: no address leads to two devices, or to a device and RAM, no interrupt belongs to two, and there are no more
    /// devices than a guest can have.
    /// </summary>
    /// <param name="memorySize">Bytes of RAM.</param>
    public readonly bool IsSound(ulong memorySize)
    {
        if (PlicSources > MaximumSources)
        {
            return false;
        }

        for (var i = 1; i < Kinds; i++)
        {
            var row = _windows[i];
            var most = i == (int)GuestDeviceKind.Virtio ? MaximumVirtioSlots : 1;
            if (row.Count == 0)
            {
                continue;
            }

            if ((uint)row.Count > (uint)most || row.Size == 0 || row.Size > ulong.MaxValue / (uint)most
                || (i == (int)GuestDeviceKind.Virtio && row.Size != VirtioSlotSize)
                || !EndsInSpace(row.Base, row.Length) || !EndsInSpace(MemoryBase, memorySize)
                || Overlaps(row.Base, row.Length, MemoryBase, memorySize)
                || (row.Interrupt != 0 && row.Interrupt + (ulong)(row.Count - 1) > PlicSources))
            {
                return false;
            }

            for (var j = 1; j < i; j++)
            {
                var other = _windows[j];
                if (Overlaps(row.Base, row.Length, other.Base, other.Length)
                    || (row.Interrupt != 0 && other.Interrupt != 0 && Overlaps(row.Interrupt, (ulong)row.Count, other.Interrupt, (ulong)other.Count)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool EndsInSpace(ulong start, ulong length) => length == 0 || start + (length - 1) >= start;

    private static bool Overlaps(ulong start, ulong length, ulong otherStart, ulong otherLength) =>
        length != 0 && otherLength != 0 && (start - otherStart < otherLength || otherStart - start < length);

    [InlineArray(Kinds)]
    private struct WindowList
    {
        private GuestWindow _first;
    }
}
