using Rvirt.Core.Images;
using Rvirt.Devices.Bus;
using Rvirt.Devices.Disks;
using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>
/// Interrupts of the host's devices: each hart claims those of its own context, and hands them to the guest whose device it is, or the
/// console or the wire, whatever it runs itself.
/// </summary>
/// <remarks>
/// A device's source is enabled at the hart that its guest runs on; the console's, the wire's and those of disks that guests share at the hart that booted, which always has a
/// context.
/// </remarks>
// SAFETY: records of harts, guests and the machine stay in place; numbers of owners are those that Route gave.
internal static unsafe class HostInterrupts<THost>
    where THost : unmanaged, IHypervisorHost
{
    private const ushort Console = 1;

    private const ushort Wire = 2;

    private const ushort FirstDevice = 3;

    private const ushort FirstDisk = FirstDevice + (GuestBlob.MaximumGuests * GuestDevices.MaxSlots);

    /// <summary>Opens a hart's context, with no source enabled. That hart calls it, before it takes interrupts.</summary>
    internal static void Open(HostCore<THost>* core)
    {
        if (core->HasPlic)
        {
            core->Machine->Plic.OpenContext(ref core->Host, core->PlicContext);
        }
    }

    /// <summary>Routes the console's interrupt to a hart with an open context, which serves the terminal from then on, both ways.</summary>
    internal static void RouteConsole(HostCore<THost>* core)
    {
        var machine = core->Machine;
        var source = machine->Host.Uart.Interrupt;
        if (source != 0)
        {
            Require(machine->Plic.Route(ref core->Host, core->PlicContext, source, Console));
            machine->Console.EnableInterrupts(ref core->Host);
            MonitorConsole<THost>.Attach(core);
        }
    }

    /// <summary>Routes the interrupt of the wire's card, where there is one, to a hart with an open context.</summary>
    internal static void RouteWire(HostCore<THost>* core)
    {
        var machine = core->Machine;
        if (machine->Wire != null)
        {
            Require(machine->Plic.Route(ref core->Host, core->PlicContext, machine->WireSource, Wire));
        }
    }

    /// <summary>Routes the interrupts of disks that guests share to a hart with an open context.</summary>
    internal static void RouteDisks(HostCore<THost>* core)
    {
        var machine = core->Machine;
        for (var i = 0; i < machine->DiskCount; i++)
        {
            if (machine->Disks[i].Source != 0)
            {
                Require(machine->Plic.Route(ref core->Host, core->PlicContext, machine->Disks[i].Source, (ushort)(FirstDisk + i)));
            }
        }
    }

    /// <summary>Routes the interrupts of a guest's devices to the hart that runs it or, where that has no context, to the one that booted.</summary>
    internal static void RouteDevices(HostCore<THost>* core, Guest<THost>* guest)
    {
        var machine = core->Machine;
        var context = core->HasPlic ? core->PlicContext : machine->Cores->PlicContext;
        for (var slot = 0; slot < GuestDevices.MaxSlots; slot++)
        {
            if (guest->Bus.SlotKind(slot) != 0 && guest->Devices.KindOf(slot) == SlotBackendKind.Mediated)
            {
                var owner = (ushort)(FirstDevice + (guest->Index * GuestDevices.MaxSlots) + slot);
                Require(machine->Plic.Route(ref core->Host, context, guest->Devices.HostSource(slot), owner));
            }
        }
    }

    /// <summary>Serves what interrupts a hart.</summary>
    internal static void Serve(HostCore<THost>* core)
    {
        var owners = new Owners(core);
        core->Machine->Plic.Serve(ref core->Host, core->PlicContext, ref owners);
    }

    private static void Require(bool routed)
    {
        if (!routed)
        {
            throw new System.InvalidOperationException("a checked interrupt cannot be routed");
        }
    }

    private readonly struct Owners(HostCore<THost>* core) : IInterruptOwners<THost>
    {
        public void Serve(ref THost host, ushort owner)
        {
            var machine = core->Machine;
            if (owner == Console)
            {
                var input = machine->Console.Serve(ref host);
                if (input.Monitor || machine->Monitor.HasMore)
                {
                    MonitorConsole<THost>.Serve(core);
                }

                for (var i = 0; i < machine->GuestCount; i++)
                {
                    if (((input.Guests >> i) & 1) != 0)
                    {
                        machine->Guests[i].Bus.ServiceInput(ref host, RunsElsewhere(machine->Guests + i));
                    }
                }

                return;
            }

            if (owner == Wire)
            {
                machine->Wire->ServeWire(ref host);
                return;
            }

            if (owner >= FirstDisk)
            {
                ServeDisk(ref host, &machine->Disks[owner - FirstDisk].Disk);
                return;
            }

            var number = owner - FirstDevice;
            var guest = machine->Guests + (number / GuestDevices.MaxSlots);
            guest->Bus.ServiceDevice(ref host, number % GuestDevices.MaxSlots, RunsElsewhere(guest));
        }

        // The disk's lock is given back before any guest's is taken.
        private void ServeDisk(ref THost host, SharedDisk* disk)
        {
            var ports = disk->Serve(ref host);
            for (var i = 0; i < core->Machine->GuestCount && ports != 0; i++)
            {
                var guest = core->Machine->Guests + i;
                if (guest->DiskPort.Disk == disk && ((ports >> guest->DiskPort.Port) & 1) != 0 && guest->Devices.TryPartition(out var slot, out _))
                {
                    ports &= ~(1u << guest->DiskPort.Port);
                    guest->Bus.ServiceDevice(ref host, slot, RunsElsewhere(guest));
                }
            }
        }

        private bool RunsElsewhere(Guest<THost>* guest) => core->Running == null || core->Running->Guest != guest;
    }
}
