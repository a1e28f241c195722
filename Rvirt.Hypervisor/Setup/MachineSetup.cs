using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Core.Seeds;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Setup;

/// <summary>From what the firmware handed over to guests ready to run.</summary>
public static unsafe class MachineSetup<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Sets the machine up and starts the other harts.</summary>
    /// <typeparam name="TBoards">The boards that the image knows.</typeparam>
    /// <param name="host">The hart that starts.</param>
    /// <param name="info">What the entry knew.</param>
    /// <returns>The record of the calling hart, for <see cref="CoreLife{THost}.Begin"/>; null after an error, where the machine has ended.</returns>
    public static HostCore<THost>* Run<TBoards>(ref THost host, BootInfo* info)
        where TBoards : struct, IBoards
    {
        // The tree first: it names the device through which a failure ends the machine, and the board.
        if (!HostReader.TryOpen(ref host, info, out var tree))
        {
            return null;
        }

        if (!default(TBoards).TryFind(tree, out var board))
        {
            return NoBoard<TBoards>(ref host, info, tree);
        }

        if (!HostReader.TryRead<THost, TBoards>(ref host, info, tree, board, out var description))
        {
            return null;
        }

        if ((board.Quirks & BoardQuirks.WholePagePmp) != 0 && host.IsResident)
        {
            return Fail(ref host, "rvirt.mode=resident is not for this board yet, whose harts ask PMP for whole pages: use rvirt.mode=deprivileged"u8);
        }

        if ((board.Quirks & BoardQuirks.WholePagePmp) != 0 && info->WindowTables == 0)
        {
            return Fail(ref host, "the board needs an image whose window has small pages: build it with the define WINDOW_TABLES"u8);
        }

        var abilities = host.Probe();
        return HostCheck.Passes(ref host, abilities) ? Run<TBoards>(ref host, info, board, abilities, tree, ref description) : null;
    }

    // Apart, so that its descriptions are on the stack for this alone.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static HostCore<THost>* NoBoard<TBoards>(ref THost host, BootInfo* info, in FdtReader tree)
        where TBoards : struct, IBoards
    {
        // Whatever it is, it may name the device through which it ends.
        for (var i = BoardDrivers<TBoards>.OfAnyMachine; i < default(TBoards).Count; i++)
        {
            var drivers = new BoardDrivers<TBoards>(i);
            HostTree.Read(tree, info->HartId, info->Reach, drivers, out var description);
            HostReader.UseReset(ref host, info, drivers, description);
        }

        var writer = StartupFailure.Begin(ref host).Text("this machine is not one that the image was built for: it knows "u8);
        for (var i = 0; i < default(TBoards).Count; i++)
        {
            writer.Text(i == 0 ? default : ", "u8).Text(default(TBoards).NameOf(i));
        }

        StartupFailure.Finish(ref host);
        return null;
    }

    private static HostCore<THost>* Run<TBoards>(
        ref THost host, BootInfo* info, in Board board, in HostAbilities abilities, FdtReader tree, ref HostDescription description)
        where TBoards : struct, IBoards
    {
        if (description.InitrdEnd == description.InitrdStart)
        {
            return Fail(ref host, GuestBlobErrorText.Of(GuestBlobError.NoKernel), board.Advice(Remedy.Kernel));
        }

        // Before anything is moved: the tree's old place becomes some guest's RAM.
        var seeds = GuestSeeds.Take(tree, erase: description.HasMemory(info->DeviceTree, (ulong)tree.Length));
        if (!HostMemory.TryCompact(ref host, info, tree, ref description, new BoardDrivers<TBoards>(board.Index), out var map))
        {
            return Fail(ref host, "too little memory: give the machine more"u8, board.Advice(Remedy.MoreMemory));
        }

        return Run<TBoards>(ref host, info, board, abilities, seeds, description, ref map);
    }

    // Apart, so that the description of the guests is not on the stack while the tree is read.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static HostCore<THost>* Run<TBoards>(
        ref THost host, BootInfo* info, in Board board, in HostAbilities abilities, in GuestSeeds seeds, in HostDescription description, ref MemoryMap map)
        where TBoards : struct, IBoards
    {
        if (!HartSetup<THost>.TryTranslation(ref host, info, description, abilities, board.Quirks, out var translation))
        {
            return Fail(ref host, "the machine has memory or a device above the addresses that Rvirt can map on this hart"u8);
        }

        var window = host.Memory;
        var file = window.Pointer(description.InitrdStart);
        var error = GuestBlob.Read(file, description.InitrdEnd - description.InitrdStart, description.BootArguments, out var blob);
        if (error != GuestBlobError.None)
        {
            return Fail(ref host, GuestBlobErrorText.Of(error), blob.Unknown.Name);
        }

        if (!ConsoleEscape.TryFind(description.CommandLine, out var escape))
        {
            return Fail(ref host, "rvirt.escape on the command line is no control character: write none, or ^ and a character from @ to _ but J and M"u8);
        }

        if (!ModeWord.TryFind(description.CommandLine, out var resident))
        {
            return Fail(ref host, "rvirt.mode on the command line is neither deprivileged nor resident"u8);
        }

        if (resident && !host.IsResident)
        {
            return Fail(ref host, "rvirt.mode=resident needs Rvirt's image with its own machine-mode part, and a hart with S-mode, TVM and four PMP entries: use rvirt.mode=deprivileged"u8);
        }

        if (description.Uart.Exists && !description.Uart.HasDriver)
        {
            return NoUartDriver(ref host, description.Uart);
        }

        if (description.Uart.Interrupt != 0 && !HostPlic<THost>.CanRoute(description.Uart.Interrupt))
        {
            return Fail(ref host, "the console's UART has no interrupt that Rvirt can route, 1 to 127: name another one in stdout-path"u8);
        }

        if (!TryMakeMachine<TBoards>(ref host, info, board, abilities, description, blob.Count, escape, ref map, out var machine))
        {
            return null;
        }

        machine->Translation = translation;
        machine->Asids = new HostAsids(translation.MaximumAsid);
        HartSetup<THost>.UseTimeRegister(machine);
        machine->Seeds = seeds;
        if (!GuestSetup<THost>.TryMakeAll(ref host, machine, board, blob, ref map))
        {
            return null;
        }

        if (host.IsResident && !machine->Cores->HasPlic)
        {
            return Fail(ref host, "the hart that boots has no M-mode context at the PLIC: use rvirt.mode=deprivileged"u8);
        }

        Announce<THost>.Guests(ref host, machine, board.Name, abilities);
        if (!machine->Guests->Lives)
        {
            GuestLife<THost>.PassFocus(ref host, machine->Guests);
        }

        CoreLife<THost>.Open(machine->Cores);
        HostInterrupts<THost>.RouteConsole(machine->Cores);
        HostInterrupts<THost>.RouteWire(machine->Cores);
        HostInterrupts<THost>.RouteDisks(machine->Cores);
        return HartSetup<THost>.StartOthers(ref host, machine) ? machine->Cores : null;
    }

    private static bool TryMakeMachine<TBoards>(
        ref THost host,
        BootInfo* info,
        in Board board,
        in HostAbilities abilities,
        in HostDescription description,
        int guests,
        int escape,
        ref MemoryMap map,
        out HostMachine<THost>* machine)
        where TBoards : struct, IBoards
    {
        var consoleBytes = ConsoleMultiplexer<THost>.BytesNeeded(guests);
        machine = (HostMachine<THost>*)HostMemory.Take(ref host, ref map, (ulong)sizeof(HostMachine<THost>));
        var guestArray = (Guest<THost>*)HostMemory.Take(ref host, ref map, (ulong)sizeof(Guest<THost>) * (ulong)guests);
        var console = HostMemory.Take(ref host, ref map, consoleBytes);
        if (machine == null || guestArray == null || console == null)
        {
            Fail(ref host, "too little memory: give the machine more"u8, board.Advice(Remedy.MoreMemory));
            return false;
        }

        // SAFETY: fresh zeroed memory of the right size, ours for good.
        machine->Host = description;
        machine->Host.Plic.OwnsMachineMode = abilities.IsOwnMachineMode;
        machine->Abilities = abilities;
        machine->Boot = *info;
        machine->Memory = host.Memory;
        machine->Guests = guestArray;
        machine->GuestCount = guests;
        if (!HartSetup<THost>.TryMakeCores(ref host, machine, ref map))
        {
            Fail(ref host, "too little memory: give the machine more"u8, board.Advice(Remedy.MoreMemory));
            return false;
        }

        // SAFETY: the hart is used as long as this runs.
        var start = new DriverStart<THost>((THost*)Unsafe.AsPointer(ref host), machine);
        default(TBoards).Drivers(board.Index, ref start);
        machine->Console.Initialize(start.ConsoleUart, console, guests, escape);
        return true;
    }

    private static HostCore<THost>* NoUartDriver(ref THost host, in HostDevice uart)
    {
        var name = uart.Compatible.TryFirstString(out var text) ? text : "of no kind that its node names"u8;
        StartupFailure.Begin(ref host).Text("the console's UART is "u8).Text(name).Text(", for which the board has no driver: name one that it drives in stdout-path"u8);
        StartupFailure.Finish(ref host);
        return null;
    }

    private static HostCore<THost>* Fail(ref THost host, ReadOnlySpan<byte> text, ReadOnlySpan<byte> advice = default)
    {
        StartupFailure.End(ref host, text, advice);
        return null;
    }
}
