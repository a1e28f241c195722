using System;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Privileged;
using Rvirt.Reference;

namespace Rvirt.Desktop.Guests;

/// <summary>The device tree that firmware hands over on the reference machine, which has the map of the board that guests see.</summary>
internal static class MachineTree
{
    /// <summary>Most bytes that it has.</summary>
    public const int MaximumLength = GuestDeviceTree.SuggestedBufferLength;

    private const uint Timebase = 10_000_000;

    // As the board has one, and the same every time.
    private static ReadOnlySpan<byte> RandomSeed => "The reference machine's own seed"u8;

    /// <summary>Writes it into the machine's RAM.</summary>
    /// <param name="machine">The machine, its virtio devices attached.</param>
    /// <param name="address">Where, with room for <see cref="MaximumLength"/> bytes.</param>
    /// <param name="initrd">Where the initial RAM disk is.</param>
    /// <param name="initrdLength">Its bytes; 0: there is none.</param>
    /// <param name="arguments">The command line.</param>
    public static void Write(Machine machine, ulong address, ulong initrd, int initrdLength, string arguments)
    {
        var board = GuestBoard.Standard with { MemoryBase = machine.RamBase };
        var description = new GuestMachineDescription
        {
            HartCount = machine.Harts.Length,
            TimebaseFrequency = Timebase,
            Isa = HartIsa.Describe(machine.Hart.Options),
            TranslationMode = (TranslationMode)machine.Hart.Options.MaximumMode,
            Board = board,
            MemorySize = machine.RamSize,
            BootArguments = Encoding.ASCII.GetBytes(arguments),
            InitrdStart = initrd,
            InitrdEnd = initrd + (ulong)initrdLength,
            RandomSeed = RandomSeed,
            VirtioSlots = Slots(machine, board[GuestDeviceKind.Virtio]),
        };
        var error = GuestDeviceTree.Generate(description, machine.Memory(address, MaximumLength), out _);
        if (error != FdtWriteError.None)
        {
            throw new InvalidOperationException($"the device tree cannot be made: {error}");
        }
    }

    private static byte Slots(Machine machine, in GuestWindow window)
    {
        var slots = 0;
        for (var slot = 0; slot < window.Count; slot++)
        {
            slots |= machine.TryRead(null, window.BaseOf(slot), 4, out _) ? 1 << slot : 0;
        }

        return (byte)slots;
    }
}
