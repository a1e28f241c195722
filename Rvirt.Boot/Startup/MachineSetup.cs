using Rvirt.Boot.Firmware;
using Rvirt.Boot.Guests;
using Rvirt.Boot.Target;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Images;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Machine;
using Rvirt.Platform.Qemu;

namespace Rvirt.Boot.Startup;

/// <summary>From what the firmware handed over to guests ready to run.</summary>
internal static unsafe class MachineSetup
{
    /// <summary>Sets the machine up and starts the other harts.</summary>
    /// <returns>The first guest's hart, which the calling hart is to run; null does not come back from an error.</returns>
    internal static GuestHart* Run(ref TargetHost host, BootInfo* info)
    {
        // The tree first: it names the device through which a failure ends the machine.
        if (!HostReader.TryOpen(ref host, info, out var tree, out var description)
            || !FirmwareCheck.Passes(ref host))
        {
            return null;
        }

        // One image can hold several boards: each is asked in turn.
        var platform = default(QemuVirt);
        return platform.Matches(tree)
            ? Run(ref host, info, platform, tree, description)
            : Fail(ref host, "this machine is not one that the image was built for: it knows QEMU virt"u8);
    }

    private static GuestHart* Run<TPlatform>(
        ref TargetHost host, BootInfo* info, TPlatform platform, FdtReader tree, in HostDescription found)
        where TPlatform : struct, IPlatform
    {
        MachineEnd.UseTestDevice(found.TestDevice);
        var description = found;
        if (description.InitrdEnd == description.InitrdStart)
        {
            return Fail(ref host, GuestBlobErrorText.Of(GuestBlobError.NoKernel));
        }

        if (!HostMemory.TryCompact(ref host, info, tree, ref description, out var map))
        {
            return Fail(ref host, "too little memory: give the machine more, on QEMU with -m"u8);
        }

        if (!HartSetup.TryTranslation(info, description, out var translation))
        {
            return Fail(ref host, "the machine has memory or a device above the addresses that Rvirt can map on this hart"u8);
        }

        var window = host.Memory;
        var file = window.Pointer(description.InitrdStart);
        var error = GuestBlob.Read(file, description.InitrdEnd - description.InitrdStart, description.BootArguments, out var blob);
        if (error != GuestBlobError.None)
        {
            return Fail(ref host, GuestBlobErrorText.Of(error));
        }

        if (blob.Count > description.HartCount)
        {
            return Fail(ref host, "more guests than harts: give the machine a hart for each, on QEMU with -smp"u8);
        }

        if (description.Uart.Interrupt != 0 && !Devices.HostDrivers.HostPlic.CanRoute(description.Uart.Interrupt))
        {
            return Fail(ref host, "the console's UART has no interrupt that Rvirt can route, 1 to 127: name another one in stdout-path"u8);
        }

        if (!TryMakeMachine(ref host, info, description, blob.Count, ref map, out var machine))
        {
            return null;
        }

        machine->Translation = translation;
        if (!GuestSetup.TryMakeAll(ref host, machine, platform, blob, ref map))
        {
            return null;
        }

        Announce.Guests(ref host, machine, platform.Name);
        return HartSetup.StartOthers(ref host, machine) ? (GuestHart*)machine->Guests[0].Harts[0] : null;
    }

    private static bool TryMakeMachine(
        ref TargetHost host, BootInfo* info, in HostDescription description, int guests, ref MemoryMap map, out Machine* machine)
    {
        var consoleBytes = Devices.Console.ConsoleMultiplexer.BytesNeeded(guests);
        machine = (Machine*)HostMemory.Take(ref host, ref map, (ulong)sizeof(Machine));
        var guestArray = (Guest*)HostMemory.Take(ref host, ref map, (ulong)sizeof(Guest) * (ulong)guests);
        var console = HostMemory.Take(ref host, ref map, consoleBytes);
        if (machine == null || guestArray == null || console == null)
        {
            Fail(ref host, "too little memory: give the machine more, on QEMU with -m"u8);
            return false;
        }

        // SAFETY: fresh zeroed memory of the right size, ours for good.
        machine->Host = description;
        machine->Boot = *info;
        machine->Memory = host.Memory;
        machine->Guests = guestArray;
        machine->GuestCount = guests;
        machine->Running = guests;
        var uart = default(HostUart16550);
        if (description.Uart.Kind == HostUartKind.Ns16550A)
        {
            uart.Initialize(ref host, description.Uart.Base, description.Uart.RegisterShift);
        }

        machine->Console.Initialize(uart, console, guests);
        machine->Plic.Initialize(description.Plic.Base);
        machine->Clock.Initialize(description.Clock, description.TimebaseFrequency);
        return true;
    }

    private static GuestHart* Fail(ref TargetHost host, System.ReadOnlySpan<byte> text)
    {
        StartupFailure.End(ref host, text);
        return null;
    }
}
