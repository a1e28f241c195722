using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>
/// The few traps that make up nine tenths of a Linux guest's, in straight code without calls, so that the compiled path saves no
/// register that assembly has saved already. Whatever else it meets it leaves to the rest of trap handling, untouched.
/// </summary>
/// <remarks>
/// It does what <see cref="PrivilegedInstruction"/> and <see cref="TrapEntry"/> do, faster. Everything that can refuse is asked before anything changes, and a change of
/// the MMU's view comes last of what can refuse.
/// </remarks>
internal static class HotPath
{
    private const ulong PageSize = 4096;

    private const ulong SoftwareBits =
        Sstatus.Sie | Sstatus.Spie | Sstatus.Spp | Sstatus.Sum | Sstatus.Mxr;

    /// <summary>Takes an exception of the guest that needs no look at its tables: a system call, or the call that sets the timer.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="cause">The host's <c>scause</c>, any but an illegal instruction's.</param>
    /// <param name="next">Zero, or the instruction to go on with by <see cref="Emulate"/>.</param>
    /// <returns>False where it is none of the few, with nothing changed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryTakeException<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ulong cause, out uint next)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        next = 0;
        if (cause != (ulong)ExceptionCause.EnvironmentCallFromUser
            || !(v.Csrs.Mode == PrivilegeMode.User ? TryTakeSystemCall(ref host, ref v, ref mmu) : TrySetTimer(ref host, ref v)))
        {
            return false;
        }

        if (!TryFetch(ref host, v, out next))
        {
            next = 0;
        }

        return true;
    }

    /// <summary>Emulates an instruction that trapped and those behind it, as long as they are of the few.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart.</param>
    /// <param name="mmu">Its MMU.</param>
    /// <param name="instruction">The instruction at its program counter; where the rest is left to do, the one that is there then.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static QuickOutcome Emulate<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, ref uint instruction)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        if (v.Csrs.Mode != PrivilegeMode.Supervisor)
        {
            return QuickOutcome.Other;
        }

        var pc = v.Pc;
        // It trapped here, or was read in the page that this already names.
        var page = pc & ~(PageSize - 1);
        v.Csrs.CodePage = page;
        while ((instruction & Encodings.OpcodeMask) == Encodings.SystemOpcode)
        {
            var next = pc + 4;
            if ((instruction & PrivilegedInstruction.CsrInstruction) != 0)
            {
                if (!TryAccessCsr(ref host, ref v, ref mmu, instruction, out var mayInterrupt))
                {
                    break;
                }

                if (mayInterrupt && IsInterruptReady(ref v))
                {
                    return Leave(ref v, next, QuickOutcome.Interrupt);
                }
            }
            else
            {
                if (instruction != Encodings.Sret)
                {
                    break;
                }

                if ((v.Csrs.Sstatus & Sstatus.Spp) == 0)
                {
                    if (!TryReturnToUser(ref host, ref v, ref mmu))
                    {
                        break;
                    }

                    return Leave(ref v, v.Csrs.Sepc, QuickOutcome.Done);
                }

                v.Csrs.Sstatus = TrapEntry.StatusAfterReturn(v.Csrs.Sstatus);
                next = v.Csrs.Sepc;
                if (IsInterruptReady(ref v))
                {
                    return Leave(ref v, next, QuickOutcome.Interrupt);
                }
            }

            // The counter that is kept anyway ends a chain, at each multiple of the limit: a budget of the chain's own would be an instruction more
            // for each that is emulated, and a register. So a chain may end early, but none is longer than the limit.
            v.Counters.Emulated++;
            if ((v.Counters.Emulated & (TrapHandler.ChainLimit - 1)) == 0 || !TryFetchSystem(ref host, page, next, out instruction))
            {
                v.Pc = next;
                return QuickOutcome.Done;
            }

            pc = next;
        }

        // The first instruction did trap; what was read behind it may be one that does not.
        var goesOn = pc != v.Pc && !PrivilegedInstruction.WouldTrap(instruction);
        v.Pc = pc;
        return goesOn ? QuickOutcome.Done : QuickOutcome.Other;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static QuickOutcome Leave(ref VCpu v, ulong pc, QuickOutcome outcome)
    {
        v.Counters.Emulated++;
        v.Pc = pc;
        return outcome;
    }

    /// <summary>Reads the instruction that the guest is to go on with, if that is one that would trap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFetch<THost>(ref THost host, in VCpu v, out uint instruction)
        where THost : struct, ITrapHost =>
        TryFetchSystem(ref host, v.Csrs.CodePage, v.Pc, out instruction) && PrivilegedInstruction.WouldTrap(instruction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFetchSystem<THost>(ref THost host, ulong page, ulong pc, out uint instruction)
        where THost : struct, ITrapHost
    {
        instruction = 0;
        // Wholly in the page that is known to be executable.
        if (pc - page > PageSize - sizeof(uint))
        {
            return false;
        }

        // Where nothing is mapped the half is all ones, and no system instruction.
        var low = host.TryFetchHalf(pc);
        instruction = (uint)low;
        if ((instruction & Encodings.OpcodeMask) != Encodings.SystemOpcode)
        {
            return false;
        }

        var high = host.TryFetchHalf(pc + 2);
        instruction |= (uint)high << 16;
        return (long)high >= 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAccessCsr<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction, out bool mayInterrupt)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var number = instruction >> 20;
        var rd = (int)((instruction >> 7) & 31);
        var rs1 = (int)((instruction >> 15) & 31);
        var operand = (instruction & PrivilegedInstruction.CsrImmediate) != 0 ? (ulong)rs1 : v.X[rs1];
        ulong old;
        if ((number & ~3u) == Csr.Sscratch)
        {
            // sscratch, sepc, scause and stval stand in the order of their numbers. csrrs and csrrc with x0 write the old value
            // back, which changes nothing in them.
            // SAFETY: two bits of the number choose one of these four doublewords, which stand in sequence (LayoutTests).
            ref var register = ref Unsafe.Add(ref v.Csrs.Sscratch, (int)(number & 3));
            old = register;
            register = PrivilegedInstruction.Combine(instruction, old, number == Csr.Sepc ? operand & ~1UL : operand);
            mayInterrupt = false;
        }
        else if (number == Csr.Sstatus)
        {
            mayInterrupt = true;
            if (!TryAccessSstatus(ref host, ref v, ref mmu, instruction, operand, out old))
            {
                return false;
            }
        }
        else if (number == Csr.Sie)
        {
            mayInterrupt = true;
            old = v.Csrs.Sie;
            v.Csrs.Sie = PrivilegedInstruction.Combine(instruction, old, operand) & Interrupts.All;
        }
        else
        {
            mayInterrupt = false;
            return false;
        }

        v.X[rd] = old;
        v.X[0] = 0;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAccessSstatus<THost, TMmu>(
        ref THost host, ref VCpu v, ref TMmu mmu, uint instruction, ulong operand, out ulong value)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var old = v.Csrs.Sstatus | (host.ReadSstatus() & v.Csrs.HardwareSstatus);
        value = old | Sstatus.Uxl64;
        var next = PrivilegedInstruction.Combine(instruction, old, operand);
        var changed = old ^ next;
        if ((changed & (Sstatus.Sum | Sstatus.Mxr)) != 0
            && !mmu.TrySwitchView(ref host, ViewKind.Of(PrivilegeMode.Supervisor, (next & Sstatus.Sum) != 0, (next & Sstatus.Mxr) != 0)))
        {
            return false;
        }

        if ((changed & v.Csrs.HardwareSstatus) != 0)
        {
            host.WriteSstatus((host.ReadSstatus() & ~v.Csrs.HardwareSstatus) | (next & v.Csrs.HardwareSstatus));
        }

        v.Csrs.Sstatus = next & SoftwareBits;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsInterruptReady(ref VCpu v) => (v.Csrs.Sstatus & Sstatus.Sie) != 0 && (v.Csrs.Sip & v.Csrs.Sie) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReturnToUser<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var status = v.Csrs.Sstatus;
        if ((v.Csrs.Sip & v.Csrs.Sie) != 0
            || !mmu.TrySwitchView(ref host, ViewKind.Of(PrivilegeMode.User, (status & Sstatus.Sum) != 0, (status & Sstatus.Mxr) != 0)))
        {
            return false;
        }

        v.Csrs.Mode = PrivilegeMode.User;
        v.Csrs.Sstatus = TrapEntry.StatusAfterReturn(status);
        if (v.Csrs.Scounteren != TrapEntry.AllCounters)
        {
            host.WriteScounteren(v.Csrs.Scounteren);
        }

        return true;
    }

    // Entering clears SIE, so no interrupt can follow at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryTakeSystemCall<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var status = v.Csrs.Sstatus;
        if (!mmu.TrySwitchView(ref host, ViewKind.Of(PrivilegeMode.Supervisor, (status & Sstatus.Sum) != 0, (status & Sstatus.Mxr) != 0)))
        {
            return false;
        }

        v.Counters.Exceptions++;
        v.Csrs.Sepc = v.Pc;
        v.Csrs.Scause = (ulong)ExceptionCause.EnvironmentCallFromUser;
        v.Csrs.Stval = 0;
        v.Csrs.Sstatus = TrapEntry.StatusInTrap(status, PrivilegeMode.User);
        v.Csrs.Mode = PrivilegeMode.Supervisor;
        v.Pc = v.Csrs.Stvec & ~3UL;
        if (v.Csrs.Scounteren != TrapEntry.AllCounters)
        {
            host.WriteScounteren(TrapEntry.AllCounters);
        }

        return true;
    }

    // The SBI call that sets the timer, where its time has come already.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TrySetTimer<THost>(ref THost host, ref VCpu v)
        where THost : struct, ITrapHost
    {
        if (v.X[SbiDispatcher.A7] != SbiExtension.Time
            || v.X[SbiDispatcher.A6] != 0
            || !SbiDispatcher.TrySetTimerGoneBy(default(DeprivilegedMode<THost>), ref host, ref v, v.X[SbiDispatcher.A0]))
        {
            return false;
        }

        v.Counters.SbiCalls++;
        v.Counters.TimersSet++;
        v.X[SbiDispatcher.A0] = 0;
        v.X[SbiDispatcher.A1] = 0;
        v.Pc += 4;
        if (IsInterruptReady(ref v))
        {
            TrapEntry.TakeInterruptInSupervisor(ref v);
        }

        return true;
    }
}
