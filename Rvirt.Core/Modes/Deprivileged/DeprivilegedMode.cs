using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>The guest's S-mode runs in the hart's U-mode: every privileged instruction traps, and the guest's CSRs stand in <see cref="GuestCsrs"/>.</summary>
/// <remarks>
/// <para>
/// Both of the guest's modes run in U-mode, so that one of the hart's causes can mean two things: only the guest's own mode says which. All that
/// the guest can see of S-mode is emulated. The hart keeps three things while the virtual hart is loaded: FS and SD of <c>sstatus</c>, and VS where
/// the guest has vectors, because hardware changes them; <c>scounteren</c>, which is all ones while the guest is in S-mode; and the registers of its
/// units (<see cref="HartUnits"/>), which the guest changes without a trap.
/// </para>
/// <para>
/// SUM of the hart's own <c>sstatus</c> stays set, so that the guest's instructions are read through the shadow tables. That a page can be read
/// does not say that the guest may execute it: instructions that did not trap are read in the page of one that did, and only until the guest's
/// tables may have changed (<see cref="GuestCsrs.CodePage"/>).
/// </para>
/// <para>
/// Each rule of a CSR stands in <see cref="CsrFile"/>, each of a trap in <see cref="TrapEntry"/>. <see cref="HotPath"/> does the frequent in
/// straight code, and agrees with them over all that they can meet: tests compare them.
/// </para>
/// <para>It does not promise that an instruction is carried out that the guest changed on another hart without a fence, nor big-endian data.</para>
/// </remarks>
public readonly struct DeprivilegedMode<THost> : IExecutionMode<THost>
    where THost : struct, ITrapHost
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TrapKind Classify(in VCpu v, ulong cause)
    {
        switch (cause)
        {
            case (ulong)ExceptionCause.IllegalInstruction:
                return TrapKind.Instruction;
            case (ulong)ExceptionCause.EnvironmentCallFromUser:
                return v.Csrs.Mode == PrivilegeMode.Supervisor ? TrapKind.Call : TrapKind.UserCall;
            case (ulong)ExceptionCause.InstructionPageFault:
            case (ulong)ExceptionCause.LoadPageFault:
            case (ulong)ExceptionCause.StorePageFault:
                return TrapKind.PageFault;
            case (ulong)ExceptionCause.InstructionAddressMisaligned:
            case (ulong)ExceptionCause.InstructionAccessFault:
            case (ulong)ExceptionCause.Breakpoint:
            case (ulong)ExceptionCause.LoadAddressMisaligned:
            case (ulong)ExceptionCause.LoadAccessFault:
            case (ulong)ExceptionCause.StoreAddressMisaligned:
            case (ulong)ExceptionCause.StoreAccessFault:
                return TrapKind.Exception;
            case Interrupts.CauseBit | Interrupts.SoftwareCause:
                return TrapKind.SoftwareInterrupt;
            case Interrupts.CauseBit | Interrupts.TimerCause:
                return TrapKind.TimerInterrupt;
            case Interrupts.CauseBit | Interrupts.ExternalCause:
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
        HotPath.Emulate(ref host, ref v, ref mmu, ref instruction);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeQuickly<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ulong cause, out uint next)
        where TMmu : struct, IGuestMmu<THost> =>
        HotPath.TryTakeException(ref host, ref v, ref mmu, cause, out next);

    /// <inheritdoc/>
    /// <remarks>The guest's handler begins with instructions that would trap one by one.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReflectQuickly(ref THost host, ref VCpu v, ulong cause, ulong va) => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadDeviceQuickly<TBus>(ref THost host, ref VCpu v, ref TBus bus, ulong va, ulong guestAddress)
        where TBus : struct, IGuestBus<THost>
    {
        var low = host.TryFetchHalf(v.Pc);
        var instruction = (uint)low;
        if ((instruction & Encodings.OpcodeMask) == Encodings.LoadOpcode)
        {
            var high = host.TryFetchHalf(v.Pc + 2);
            if ((long)high < 0)
            {
                return false;
            }

            instruction |= (uint)high << 16;
        }

        return HotDeviceRead.TryHandle(ref host, ref v, ref bus, instruction, va, guestAddress);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TrapOutcome Emulate<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where TMmu : struct, IGuestMmu<THost> =>
        PrivilegedInstruction.Emulate(ref host, ref v, ref mmu, instruction);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFetch(ref THost host, in VCpu v, out uint instruction) => host.TryFetch(v.Pc, out instruction);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFetchNext(ref THost host, in VCpu v, out uint instruction)
    {
        instruction = 0;
        return v.Csrs.Mode == PrivilegeMode.Supervisor && HotPath.TryFetch(ref host, v, out instruction);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Inject(ref THost host, ref VCpu v, ulong cause, ulong value) => TrapEntry.TakeException(ref host, ref v, cause, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void TakeInterrupt(ref THost host, ref VCpu v) => TrapEntry.TakeInterruptInSupervisor(ref v);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where TMmu : struct, IGuestMmu<THost>
    {
        if (v.Csrs.InterruptsChanged)
        {
            TrapEntry.DeliverPending(ref host, ref v);
        }

        if (v.Csrs.ViewChanged)
        {
            ChooseView(ref host, ref v, ref mmu);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Pending(ref THost host, in VCpu v) => v.Csrs.Sip;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetPending(ref THost host, ref VCpu v, ulong bits, bool pending)
    {
        var old = v.Csrs.Sip;
        var next = pending ? old | bits : old & ~bits;
        v.Csrs.Sip = next;
        v.Csrs.InterruptsChanged |= next != old;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool WouldWake(ref THost host, in VCpu v) => (v.Csrs.Sip & v.Csrs.Sie) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ForgetTranslation(ref VCpu v) => CsrFile.ForgetTranslation(ref v);

    /// <inheritdoc/>
    public ulong ReadFloatingPoint(ref THost host, in VCpu v, int register) => HartRegisters.ReadFloatingPoint(ref host, register);

    /// <inheritdoc/>
    public void WriteFloatingPoint(ref THost host, ref VCpu v, int register, ulong value) => HartRegisters.WriteFloatingPoint(ref host, register, value);

    /// <inheritdoc/>
    public HartUnits Open(ref THost host) => HeldState.Open(ref host);

    /// <inheritdoc/>
    public void Reset(ref THost host, ref VCpu v) => CsrFile.Reset(ref v);

    /// <inheritdoc/>
    public void Save(ref THost host, ref VCpu v, HartUnits units) => HeldState.Save(ref host, ref v, units);

    /// <inheritdoc/>
    /// <remarks>What the hart holds does nothing outside of the guest.</remarks>
    public void LetGo(ref THost host, ref VCpu v)
    {
    }

    /// <inheritdoc/>
    public ulong ParkedSstatus(in VCpu v) => CsrFile.ParkedSstatus(v);

    /// <inheritdoc/>
    public ulong RoomFor(ulong length) => length;

    /// <inheritdoc/>
    public void Load<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, HartUnits units)
        where TMmu : struct, IGuestMmu<THost>
    {
        HeldState.Load(ref host, ref v, units);
        ChooseView(ref host, ref v, ref mmu);
        v.Csrs.InterruptsChanged = true;
    }

    /// <inheritdoc/>
    public void Restart(ref THost host, ref VCpu v)
    {
        v.Csrs.Satp = 0;
        v.Csrs.Sstatus &= ~Sstatus.Sie;
        CsrFile.ForgetTranslation(ref v);
    }

    /// <inheritdoc/>
    public void Copy(ref VCpu v, in VCpu other)
    {
        v.Csrs = other.Csrs;
        CsrFile.ForgetTranslation(ref v);
    }

    /// <inheritdoc/>
    public PrivilegeMode Privilege(ref THost host, in VCpu v) => v.Csrs.Mode;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public ulong Read(ref THost host, in VCpu v, uint number)
    {
        CsrFile.TryRead(ref host, v, number, out var value);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ChooseView<TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where TMmu : struct, IGuestMmu<THost>
    {
        v.Csrs.ViewChanged = false;
        var status = v.Csrs.Sstatus;
        mmu.Activate(ref host, v.Csrs.Satp, ViewKind.Of(v.Csrs.Mode, (status & Sstatus.Sum) != 0, (status & Sstatus.Mxr) != 0));
    }
}
