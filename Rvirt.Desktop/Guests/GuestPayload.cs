using System;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference;
using Rvirt.Reference.Firmware;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Guests;

/// <summary>
/// What a guest is made of: kernel, initial RAM disk, command line. It is placed as the hypervisor's loader places it, and starts the same
/// on a bare machine, above firmware, and under the hypervisor.
/// </summary>
public sealed unsafe class GuestPayload : IDisposable
{
    private const uint Timebase = 10_000_000;

    // As the board has one, and the same every time.
    private static ReadOnlySpan<byte> RandomSeed => "The reference machine's own seed"u8;

    private readonly byte* _kernel;
    private readonly ulong _kernelLength;
    private readonly byte[] _initrd;
    private readonly byte[] _arguments;

    /// <param name="kernel">An ELF, a flat Image or flat code.</param>
    /// <param name="initrd">Initial RAM disk; empty for none.</param>
    /// <param name="arguments">Kernel command line.</param>
    public GuestPayload(ReadOnlySpan<byte> kernel, byte[]? initrd = null, string arguments = "")
    {
        // SAFETY: freed in Dispose; the loader wants a place that stays.
        _kernel = (byte*)NativeMemory.Alloc((nuint)kernel.Length + 1);
        _kernelLength = (ulong)kernel.Length;
        kernel.CopyTo(new Span<byte>(_kernel, kernel.Length));
        _initrd = initrd ?? [];
        _arguments = Encoding.ASCII.GetBytes(arguments);
    }

    /// <summary>Loads the payload into a bare machine and starts it in S-mode.</summary>
    /// <param name="machine">The machine; all its RAM is the payload's.</param>
    /// <param name="virtioSlots">Bit n: there is a device in virtio slot n.</param>
    /// <returns>The firmware it runs above.</returns>
    public MinimalSbi StartOn(Machine machine, byte virtioSlots = 0)
    {
        var memory = new GuestMemory(machine.RamBase, machine.RamSize, machine.RamBase, machine.Ram);
        var mode = (TranslationMode)machine.Hart.Options.MaximumMode;
        var (entry, tree) = Load(memory, machine.Harts.Length, mode, HartIsa.Describe(machine.Hart.Options), virtioSlots, clock: true);
        return MinimalSbi.Start(machine, entry, tree);
    }

    /// <summary>Loads the payload into a guest under the hypervisor and starts it.</summary>
    public void StartUnder(VirtualMachine machine, int guest = 0)
    {
        var target = machine.Guests[guest];
        Span<byte> buffer = stackalloc byte[GuestIsa.MaximumLength];
        var isa = GuestIsa.Derive(HartIsa.Extensions(target.Hart.Options), svvptc: true, buffer);
        var (entry, tree) = Load(target.Memory, 1, Longest(target), isa, target.VirtioSlots, target.Bus.HasClock);
        machine.Start(entry, tree, guest);
    }

    public void Dispose() => NativeMemory.Free(_kernel);

    private static TranslationMode Longest(VirtualGuest guest)
    {
        foreach (var mode in (ReadOnlySpan<TranslationMode>)[TranslationMode.Sv57, TranslationMode.Sv48, TranslationMode.Sv39])
        {
            if (guest.Mmu.Supports(mode))
            {
                return mode;
            }
        }

        return TranslationMode.Bare;
    }

    private (ulong Entry, ulong Tree) Load(in GuestMemory memory, int harts, TranslationMode mode, ReadOnlySpan<byte> isa, byte slots, bool clock)
    {
        const int TreeLength = GuestDeviceTree.SuggestedBufferLength;
        Check(KernelImage.Check(_kernel, _kernelLength, memory.GuestBase, memory.Length, out var kernel));
        Check(GuestLayout.Place(kernel, memory.GuestBase, memory.Length, (ulong)_initrd.Length, TreeLength, out var layout));
        if (!kernel.Load(memory) || !memory.TryPointer(layout.DeviceTree, TreeLength, out var tree))
        {
            throw new InvalidOperationException("a checked payload does not load");
        }

        if (_initrd.Length != 0)
        {
            _initrd.CopyTo(new Span<byte>(memory.Pointer + (layout.Initrd - memory.GuestBase), _initrd.Length));
        }

        var description = new GuestMachineDescription
        {
            HartCount = harts,
            TimebaseFrequency = Timebase,
            Isa = isa,
            TranslationMode = mode,
            MemoryBase = memory.GuestBase,
            MemorySize = memory.Length,
            BootArguments = _arguments,
            InitrdStart = layout.Initrd,
            InitrdEnd = layout.Initrd + (ulong)_initrd.Length,
            RandomSeed = RandomSeed,
            HasUart = true,
            UartClockFrequency = GuestMachineMap.UartClockFrequency,
            HasTestDevice = true,
            HasClock = clock,
            VirtioSlots = slots,
            PlicSources = GuestMachineMap.PlicSources,
        };
        var error = GuestDeviceTree.Generate(description, new Span<byte>(tree, TreeLength), out _);
        return error == FdtWriteError.None
            ? (kernel.Entry, layout.DeviceTree)
            : throw new InvalidOperationException($"the device tree cannot be made: {error}");
    }

    private static void Check(ImageError error)
    {
        if (error != ImageError.None)
        {
            throw new InvalidOperationException(Encoding.ASCII.GetString(ImageErrorText.Of(error)));
        }
    }
}
