using Rvirt.Devices.HostDrivers;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.VirtualMachines;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Goes through a board's drivers, and has those take the machine's devices by whose names they were found.</summary>
// SAFETY: hart and machine are the caller's, who outlives this.
internal unsafe struct DriverStart<THost>(THost* host, HostMachine<THost>* machine) : IDriverList
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>The console's UART.</summary>
    internal HostUartDriver<THost> ConsoleUart;

    /// <inheritdoc/>
    public void Uart<TUart>()
        where TUart : unmanaged, IHostUart
    {
        if (HostDriver.Drives<TUart>(machine->Host.Uart))
        {
            ConsoleUart.Take<TUart>(ref *host, machine->Host.Uart);
        }
    }

    /// <inheritdoc/>
    public readonly void Plic<TPlic>()
        where TPlic : unmanaged, IHostPlic
    {
        if (HostDriver.Drives<TPlic>(machine->Host.Plic))
        {
            machine->Plic.Take<TPlic>(machine->Host.Plic);
        }
    }

    /// <inheritdoc/>
    public readonly void Clock<TClock>()
        where TClock : unmanaged, IHostClock
    {
        if (HostDriver.Drives<TClock>(machine->Host.Clock))
        {
            machine->Clock.Take<TClock>(machine->Host.Clock, machine->Host.TimebaseFrequency);
        }
    }

    /// <inheritdoc/>
    /// <remarks>That was taken as soon as the tree was read (<see cref="ResetStart{THost}"/>).</remarks>
    public readonly void Reset<TReset>()
        where TReset : unmanaged, IHostReset
    {
    }

    /// <inheritdoc/>
    /// <remarks>It starts where a guest asks for a wire.</remarks>
    public readonly void Network<TCard>()
        where TCard : unmanaged, IHostNetworkCard
    {
        if (HostDriver.Drives<TCard>(machine->Host.Network))
        {
            machine->NetworkCard.Take<TCard>();
        }
    }

    /// <inheritdoc/>
    /// <remarks>It starts where a guest asks for a partition.</remarks>
    public readonly void Disk<TDisk>()
        where TDisk : unmanaged, IHostDisk
    {
        if (HostDriver.Drives<TDisk>(machine->Host.Disk))
        {
            machine->DiskDriver.Take<TDisk, THost>();
        }
    }
}
