using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Resident;

/// <summary>
/// The guest's S-mode is the hart's own, and the hypervisor runs in M-mode below it: the guest's CSRs, its <c>sret</c>, its system calls and most of its
/// exceptions are its hart's affair. What traps is <c>satp</c>, fences of translations, <c>wfi</c>, page faults, calls of the firmware, and what is illegal.
/// </summary>
/// <remarks>
/// <para>
/// While a virtual hart is loaded the hart has all of its CSRs but <c>satp</c>: in <see cref="GuestCsrs"/> stand that, the privilege mode at its last trap,
/// and what was loaded. Once it is put down all of them are there.
/// </para>
/// <para>
/// What a guest can do that its hart does by itself, nobody looks at. So what it is not offered must be off in the hart (the entry assembly), out of
/// reach of its tables (the MMU maps nothing but its RAM) and out of reach of its hart (physical memory protection, which the image sets up):
/// a trap that shows that it went there nevertheless stops it.
/// </para>
/// <para>Nothing here runs instructions that may trap, but reads of the guest's own, which the host guards.</para>
/// <para>
/// It does not promise extensions that a guest is not told of and switches on by itself, where its hart has them and nothing switches them off: H and V.
/// What it computes with them is its own.
/// </para>
/// </remarks>
public readonly struct ResidentMode<THost> : IExecutionMode<THost>
    where THost : struct, ITrapHost, IResidentHart
{
    // Causes of M-mode's interrupts (Privileged spec 1.13 §3.1.15).
    private const ulong MachineSoftware = Interrupts.CauseBit | 3;
    private const ulong MachineTimer = Interrupts.CauseBit | 7;
    private const ulong MachineExternal = Interrupts.CauseBit | 11;

    private const ulong Margin = 4096;

    // Causes of the H extension: a call out of a virtual machine, and from here on its faults (§18.4.2).
    private const ulong CallFromVirtualMachine = 10;
    private const ulong FirstGuestFault = 20;
    private const ulong LastGuestFault = 23;

    /// <summary>
    /// A trap begins: notes down what the hart itself holds of how the guest accesses memory, which the MMU is asked by. It comes before everything else.
    /// </summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="cause">The hart's number for the trap.</param>
    /// <returns>The number by which it is handled.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public ulong Arrive<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ulong cause)
        where TMmu : struct, IGuestMmu<THost>
    {
        var status = host.ReadMstatus();
        v.Csrs.Mode = ModeOf(status);
        mmu.Activate(ref host, v.Csrs.Satp, NativeViews.Of(v.Csrs.Mode, status));
        if ((status & Mstatus.Mpv) == 0)
        {
            return cause;
        }

        // QEMU 7.2 goes there by the next mret, even one that stays in M-mode.
        host.WriteMstatus(status & ~(Mstatus.Mpv | Mstatus.Gva));
        return CallFromVirtualMachine;
    }

    /// <summary>What <see cref="Arrive"/> does, where that is little, as for nearly every trap.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <returns>False where <see cref="Arrive"/> has to do it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryArrive<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where TMmu : struct, IGuestMmu<THost>
    {
        var status = host.ReadMstatus();
        v.Csrs.Mode = ModeOf(status);
        return (status & Mstatus.Mpv) == 0 && mmu.TrySwitchView(ref host, NativeViews.Of(v.Csrs.Mode, status));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PrivilegeMode ModeOf(ulong status) => (status & Mstatus.Mpp) == 0 ? PrivilegeMode.User : PrivilegeMode.Supervisor;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TrapKind Classify(in VCpu v, ulong cause)
    {
        switch (cause)
        {
            case (ulong)ExceptionCause.IllegalInstruction:
                return TrapKind.Instruction;
            case (ulong)ExceptionCause.EnvironmentCallFromSupervisor:
                return TrapKind.Call;
            case (ulong)ExceptionCause.InstructionPageFault:
            case (ulong)ExceptionCause.LoadPageFault:
            case (ulong)ExceptionCause.StorePageFault:
                return TrapKind.PageFault;
            case (ulong)ExceptionCause.EnvironmentCallFromUser:
                return TrapKind.UserCall;
            case (ulong)ExceptionCause.InstructionAddressMisaligned:
            case (ulong)ExceptionCause.Breakpoint:
            case (ulong)ExceptionCause.LoadAddressMisaligned:
            case (ulong)ExceptionCause.StoreAddressMisaligned:
                // Where the hart does not hand them down by itself.
                return TrapKind.Exception;
            case (ulong)ExceptionCause.InstructionAccessFault:
            case (ulong)ExceptionCause.LoadAccessFault:
            case (ulong)ExceptionCause.StoreAccessFault:
            case CallFromVirtualMachine:
            case >= FirstGuestFault and <= LastGuestFault:
                return TrapKind.Forbidden;
            case MachineSoftware:
                return TrapKind.SoftwareInterrupt;
            case MachineTimer:
                return TrapKind.TimerInterrupt;
            case MachineExternal:
                return TrapKind.ExternalInterrupt;
            default:
                return TrapKind.Unknown;
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AccessKind AccessOf(ulong cause) => cause switch
    {
        (ulong)ExceptionCause.InstructionPageFault => AccessKind.Fetch,
        (ulong)ExceptionCause.LoadPageFault => AccessKind.Load,
        _ => AccessKind.Store,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public QuickOutcome EmulateQuickly<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ref uint instruction)
        where TMmu : struct, IGuestMmu<THost> =>
        ResidentInstruction.TryFencePage(ref host, ref v, ref mmu, instruction) ? QuickOutcome.Done : QuickOutcome.Other;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeQuickly<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ulong cause, out uint next)
        where TMmu : struct, IGuestMmu<THost>
    {
        next = 0;
        return false;
    }

    /// <inheritdoc/>
    /// <remarks>The hart's number is the guest's, which goes on in its S-mode by itself.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReflectQuickly(ref THost host, ref VCpu v, ulong cause, ulong va)
    {
        ResidentCsrs.TakeException(ref host, ref v, cause, va);
        return true;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadDeviceQuickly<TBus>(ref THost host, ref VCpu v, ref TBus bus, ulong va, ulong guestAddress)
        where TBus : struct, IGuestBus<THost> =>
        host.TryFetch(v.Pc, out var instruction) && HotDeviceRead.TryHandle(ref host, ref v, ref bus, instruction, va, guestAddress);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TrapOutcome Emulate<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where TMmu : struct, IGuestMmu<THost> =>
        ResidentInstruction.Emulate(ref host, ref v, ref mmu, instruction);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFetch(ref THost host, in VCpu v, out uint instruction) => host.TryFetch(v.Pc, out instruction);

    /// <inheritdoc/>
    /// <remarks>None: few instructions trap, and none of them in a row.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFetchNext(ref THost host, in VCpu v, out uint instruction)
    {
        instruction = 0;
        return false;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Inject(ref THost host, ref VCpu v, ulong cause, ulong value) => ResidentCsrs.TakeException(ref host, ref v, cause, value);

    /// <inheritdoc/>
    /// <remarks>The hart itself lets them in.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void TakeInterrupt(ref THost host, ref VCpu v)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where TMmu : struct, IGuestMmu<THost>
    {
        if (v.Csrs.ViewChanged)
        {
            v.Csrs.ViewChanged = false;
            mmu.Activate(ref host, v.Csrs.Satp, NativeViews.Of(v.Csrs.Mode, host.ReadMstatus()));
        }
    }

    /// <inheritdoc/>
    public ulong Pending(ref THost host, in VCpu v) => ResidentCsrs.Read(ref host, v, Csr.Sip);

    /// <inheritdoc/>
    public void SetPending(ref THost host, ref VCpu v, ulong bits, bool pending)
    {
        if (v.Csrs.OnHart)
        {
            host.SetSupervisorPending(bits, pending);
        }
        else
        {
            v.Csrs.Sip = pending ? v.Csrs.Sip | bits : v.Csrs.Sip & ~bits;
        }
    }

    /// <inheritdoc/>
    public bool WouldWake(ref THost host, in VCpu v) =>
        (ResidentCsrs.Read(ref host, v, Csr.Sip) & ResidentCsrs.Read(ref host, v, Csr.Sie) & Interrupts.All) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ForgetTranslation(ref VCpu v) => v.Csrs.ViewChanged = true;

    /// <inheritdoc/>
    public ulong ReadFloatingPoint(ref THost host, in VCpu v, int register) => HartRegisters.ReadFloatingPoint(ref host, register);

    /// <inheritdoc/>
    public void WriteFloatingPoint(ref THost host, ref VCpu v, int register, ulong value) => HartRegisters.WriteFloatingPoint(ref host, register, value);

    /// <inheritdoc/>
    public HartUnits Open(ref THost host) => ResidentCsrs.Open(ref host);

    /// <inheritdoc/>
    public void Reset(ref THost host, ref VCpu v) => ResidentCsrs.Reset(ref v);

    /// <inheritdoc/>
    public void Save(ref THost host, ref VCpu v, HartUnits units) => ResidentCsrs.Save(ref host, ref v, units);

    /// <inheritdoc/>
    public void LetGo(ref THost host, ref VCpu v) => ResidentCsrs.LetGo(ref host, ref v);

    /// <inheritdoc/>
    public ulong ParkedSstatus(in VCpu v) => v.Csrs.Sstatus | Sstatus.Uxl64;

    /// <inheritdoc/>
    /// <remarks>
    /// PMP opens what lies behind the RAM too. It is in no table and nobody uses it: but a hart may ask PMP for all of an access whose second page the
    /// tables forbid, as QEMU's do, and what is a guest's own page fault would look like a way out.
    /// </remarks>
    public ulong RoomFor(ulong length) => length + Margin;

    /// <inheritdoc/>
    public void Load<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, HartUnits units)
        where TMmu : struct, IGuestMmu<THost>
    {
        ResidentCsrs.Load(ref host, ref v, units);
        v.Csrs.ViewChanged = true;
        Settle(ref host, ref v, ref mmu);
    }

    /// <inheritdoc/>
    public void Restart(ref THost host, ref VCpu v)
    {
        v.Csrs.Satp = 0;
        v.Csrs.ViewChanged = true;
        host.WriteMstatus(host.ReadMstatus() & ~Sstatus.Sie);
    }

    /// <inheritdoc/>
    public void Copy(ref VCpu v, in VCpu other)
    {
        v.Csrs = other.Csrs;
        v.Csrs.ViewChanged = true;
    }

    /// <inheritdoc/>
    public PrivilegeMode Privilege(ref THost host, in VCpu v) => v.Csrs.Mode;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public ulong Read(ref THost host, in VCpu v, uint number) => ResidentCsrs.Read(ref host, v, number);
}
