using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Core.Seeds;
using Rvirt.Devices.Bus;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Fills a guest's RAM as firmware would, with kernel, initial RAM disk and device tree, and its disk in memory.</summary>
internal static unsafe class GuestLoader<THost>
    where THost : unmanaged, IHypervisorHost
{
    // The most bytes a guest's device tree can have.
    private const int TreeLength = GuestDeviceTree.SuggestedBufferLength;

    /// <summary>Checks the guest's kernel and finds places in its RAM for all that is loaded.</summary>
    internal static ImageError Place(Guest<THost>* guest)
    {
        // SAFETY: the machine owns the guest, and the file stays in place for as long as it runs.
        var kernel = guest->Description.Kernel;
        var memory = guest->Memory;
        var error = KernelImage.Check(kernel.Pointer, (ulong)kernel.Length, memory.GuestBase, memory.Length, out guest->Kernel);
        return error != ImageError.None
            ? error
            : GuestLayout.Place(guest->Kernel, memory.GuestBase, memory.Length, (ulong)guest->Description.Initrd.Length, TreeLength, out guest->Layout);
    }

    /// <summary>Loads everything; may be repeated to start the guest again.</summary>
    /// <returns>False where something does not fit that was checked to fit: a bug.</returns>
    internal static bool Load(Guest<THost>* guest)
    {
        // SAFETY: the machine owns the guest for as long as it runs; the blob's bytes stay in place.
        var initrd = guest->Description.Initrd;
        var disk = guest->Description.RamDisk;
        if (guest->RamDisk != null)
        {
            // Each life finds the disk as the description has it. SAFETY: set-up took as many bytes for it, which are nobody else's.
            Unsafe.CopyBlockUnaligned(guest->RamDisk, disk.Pointer, (uint)disk.Length);
        }

        return guest->Kernel.Load(guest->Memory)
            && (initrd.Length == 0 || Blocks.TryCopy(guest->Memory, guest->Layout.Initrd, initrd.Pointer, (ulong)initrd.Length))
            && WriteTree(guest);
    }

    private static bool WriteTree(Guest<THost>* guest)
    {
        if (!guest->Memory.TryPointer(guest->Layout.DeviceTree, TreeLength, out var tree))
        {
            return false;
        }

        var machine = guest->Machine;
        ref var host = ref machine->Host;
        Span<byte> seed = stackalloc byte[GuestSeeds.MaximumLength];
        Span<byte> isa = stackalloc byte[GuestIsa.MaximumLength];
        // Who prefetches has to know by how much.
        var block = host.CommonIsa.Has("zicbop"u8) ? host.CommonPrefetchBlock : 0;
        var extensions = block != 0 ? host.CommonIsa : host.CommonIsa.Without("zicbop"u8);
        var description = new GuestMachineDescription
        {
            HartCount = guest->Devices.Harts,
            TimebaseFrequency = host.TimebaseFrequency,
            Isa = GuestIsa.Derive(extensions, machine->OffersVectors, svvptc: true, isa),
            PrefetchBlock = block,
            TranslationMode = guest->Translation,
            Board = guest->Bus.Board,
            MemorySize = guest->Memory.Length,
            BootArguments = guest->Description.BootArguments,
            InitrdStart = guest->Layout.Initrd,
            InitrdEnd = guest->Layout.Initrd + (ulong)guest->Description.Initrd.Length,
            RandomSeed = machine->Seeds.Derive(guest->Index, guest->Starts++, seed),
            VirtioSlots = Slots(guest),
        };
        // SAFETY: TreeLength bytes of the guest's RAM, checked above; the guest does not run.
        return GuestDeviceTree.Generate(description, new Span<byte>(tree, TreeLength), out _) == FdtWriteError.None;
    }

    private static byte Slots(Guest<THost>* guest)
    {
        var slots = 0;
        for (var slot = 0; slot < GuestDevices.MaxSlots; slot++)
        {
            if (guest->Bus.SlotKind(slot) != 0)
            {
                slots |= 1 << slot;
            }
        }

        return (byte)slots;
    }
}
