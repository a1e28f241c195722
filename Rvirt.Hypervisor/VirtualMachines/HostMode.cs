using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Modes.Resident;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>
/// How guests are run on a hart, found out at each call: for all that is done between traps. Traps know it from the vector on
/// (<see cref="TrapContext{THost}"/>, <see cref="ResidentContext{THost}"/>).
/// </summary>
/// <param name="resident">Whether the hypervisor runs in M-mode, and guests in S-mode.</param>
internal readonly struct HostMode<THost>(bool resident) : IExecutionMode<THost>
    where THost : unmanaged, IHypervisorHost
{
    private static DeprivilegedMode<THost> Deprivileged => default;

    private static ResidentMode<THost> Resident => default;

    /// <inheritdoc/>
    public TrapKind Classify(in VCpu v, ulong cause) =>
        resident ? Resident.Classify(v, cause) : Deprivileged.Classify(v, cause);

    /// <inheritdoc/>
    public AccessKind AccessOf(ulong cause) =>
        resident ? Resident.AccessOf(cause) : Deprivileged.AccessOf(cause);

    /// <inheritdoc/>
    public QuickOutcome EmulateQuickly<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ref uint instruction)
        where TMmu : struct, IGuestMmu<THost> =>
        resident ? Resident.EmulateQuickly(ref host, ref v, ref mmu, ref instruction) : Deprivileged.EmulateQuickly(ref host, ref v, ref mmu, ref instruction);

    /// <inheritdoc/>
    public bool TryTakeQuickly<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ulong cause, out uint next)
        where TMmu : struct, IGuestMmu<THost> =>
        resident ? Resident.TryTakeQuickly(ref host, ref v, ref mmu, cause, out next) : Deprivileged.TryTakeQuickly(ref host, ref v, ref mmu, cause, out next);

    /// <inheritdoc/>
    public bool TryReflectQuickly(ref THost host, ref VCpu v, ulong cause, ulong va) =>
        resident ? Resident.TryReflectQuickly(ref host, ref v, cause, va) : Deprivileged.TryReflectQuickly(ref host, ref v, cause, va);

    /// <inheritdoc/>
    public bool TryReadDeviceQuickly<TBus>(ref THost host, ref VCpu v, ref TBus bus, ulong va, ulong guestAddress)
        where TBus : struct, IGuestBus<THost> =>
        resident ? Resident.TryReadDeviceQuickly(ref host, ref v, ref bus, va, guestAddress) : Deprivileged.TryReadDeviceQuickly(ref host, ref v, ref bus, va, guestAddress);

    /// <inheritdoc/>
    public TrapOutcome Emulate<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where TMmu : struct, IGuestMmu<THost> =>
        resident ? Resident.Emulate(ref host, ref v, ref mmu, instruction) : Deprivileged.Emulate(ref host, ref v, ref mmu, instruction);

    /// <inheritdoc/>
    public bool TryFetch(ref THost host, in VCpu v, out uint instruction) =>
        resident ? Resident.TryFetch(ref host, v, out instruction) : Deprivileged.TryFetch(ref host, v, out instruction);

    /// <inheritdoc/>
    public bool TryFetchNext(ref THost host, in VCpu v, out uint instruction) =>
        resident ? Resident.TryFetchNext(ref host, v, out instruction) : Deprivileged.TryFetchNext(ref host, v, out instruction);

    /// <inheritdoc/>
    public void Inject(ref THost host, ref VCpu v, ulong cause, ulong value)
    {
        if (resident)
        {
            Resident.Inject(ref host, ref v, cause, value);
        }
        else
        {
            Deprivileged.Inject(ref host, ref v, cause, value);
        }
    }

    /// <inheritdoc/>
    public void TakeInterrupt(ref THost host, ref VCpu v)
    {
        if (resident)
        {
            Resident.TakeInterrupt(ref host, ref v);
        }
        else
        {
            Deprivileged.TakeInterrupt(ref host, ref v);
        }
    }

    /// <inheritdoc/>
    public void Settle<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where TMmu : struct, IGuestMmu<THost>
    {
        if (resident)
        {
            Resident.Settle(ref host, ref v, ref mmu);
        }
        else
        {
            Deprivileged.Settle(ref host, ref v, ref mmu);
        }
    }

    /// <inheritdoc/>
    public ulong Pending(ref THost host, in VCpu v) =>
        resident ? Resident.Pending(ref host, v) : Deprivileged.Pending(ref host, v);

    /// <inheritdoc/>
    public void SetPending(ref THost host, ref VCpu v, ulong bits, bool pending)
    {
        if (resident)
        {
            Resident.SetPending(ref host, ref v, bits, pending);
        }
        else
        {
            Deprivileged.SetPending(ref host, ref v, bits, pending);
        }
    }

    /// <inheritdoc/>
    public bool WouldWake(ref THost host, in VCpu v) =>
        resident ? Resident.WouldWake(ref host, v) : Deprivileged.WouldWake(ref host, v);

    /// <inheritdoc/>
    public void ForgetTranslation(ref VCpu v)
    {
        if (resident)
        {
            Resident.ForgetTranslation(ref v);
        }
        else
        {
            Deprivileged.ForgetTranslation(ref v);
        }
    }

    /// <inheritdoc/>
    public ulong ReadFloatingPoint(ref THost host, in VCpu v, int register) =>
        resident ? Resident.ReadFloatingPoint(ref host, v, register) : Deprivileged.ReadFloatingPoint(ref host, v, register);

    /// <inheritdoc/>
    public void WriteFloatingPoint(ref THost host, ref VCpu v, int register, ulong value)
    {
        if (resident)
        {
            Resident.WriteFloatingPoint(ref host, ref v, register, value);
        }
        else
        {
            Deprivileged.WriteFloatingPoint(ref host, ref v, register, value);
        }
    }

    /// <inheritdoc/>
    public HartUnits Open(ref THost host) =>
        resident ? Resident.Open(ref host) : Deprivileged.Open(ref host);

    /// <inheritdoc/>
    public void Reset(ref THost host, ref VCpu v)
    {
        if (resident)
        {
            Resident.Reset(ref host, ref v);
        }
        else
        {
            Deprivileged.Reset(ref host, ref v);
        }
    }

    /// <inheritdoc/>
    public void Save(ref THost host, ref VCpu v, HartUnits units)
    {
        if (resident)
        {
            Resident.Save(ref host, ref v, units);
        }
        else
        {
            Deprivileged.Save(ref host, ref v, units);
        }
    }

    /// <inheritdoc/>
    public void LetGo(ref THost host, ref VCpu v)
    {
        if (resident)
        {
            Resident.LetGo(ref host, ref v);
        }
    }

    /// <inheritdoc/>
    public ulong ParkedSstatus(in VCpu v) =>
        resident ? Resident.ParkedSstatus(v) : Deprivileged.ParkedSstatus(v);

    /// <inheritdoc/>
    public ulong RoomFor(ulong length) =>
        resident ? Resident.RoomFor(length) : Deprivileged.RoomFor(length);

    /// <inheritdoc/>
    public void Load<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, HartUnits units)
        where TMmu : struct, IGuestMmu<THost>
    {
        if (resident)
        {
            Resident.Load(ref host, ref v, ref mmu, units);
        }
        else
        {
            Deprivileged.Load(ref host, ref v, ref mmu, units);
        }
    }

    /// <inheritdoc/>
    public void Restart(ref THost host, ref VCpu v)
    {
        if (resident)
        {
            Resident.Restart(ref host, ref v);
        }
        else
        {
            Deprivileged.Restart(ref host, ref v);
        }
    }

    /// <inheritdoc/>
    public void Copy(ref VCpu v, in VCpu other)
    {
        if (resident)
        {
            Resident.Copy(ref v, other);
        }
        else
        {
            Deprivileged.Copy(ref v, other);
        }
    }

    /// <inheritdoc/>
    public PrivilegeMode Privilege(ref THost host, in VCpu v) =>
        resident ? Resident.Privilege(ref host, v) : Deprivileged.Privilege(ref host, v);

    /// <inheritdoc/>
    public ulong Read(ref THost host, in VCpu v, uint number) =>
        resident ? Resident.Read(ref host, v, number) : Deprivileged.Read(ref host, v, number);
}
