using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Resident;

/// <summary>Carries out the instructions that the hart does not carry out for a guest's S-mode by itself: of <c>satp</c>, of fences, of waits, and of the time where it has no such CSR.</summary>
internal static class ResidentInstruction
{
    private const uint CsrInstruction = 0x3000;

    private const uint CsrImmediate = 0x4000;

    private const uint CsrSetOrClear = 0x2000;

    private const uint CsrClear = 0x1000;

    /// <summary><c>sfence.vma va, x0</c> with a register, by which kernels change their tables: nearly all that traps.</summary>
    /// <returns>False where it is none, with nothing changed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFencePage<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        const uint Asid = 31 << 20;
        var rs1 = (int)((instruction >> 15) & 31);
        if ((instruction & (Encodings.SfenceVmaMask | Asid)) != Encodings.SfenceVma || rs1 == 0 || v.Csrs.Mode != PrivilegeMode.Supervisor
            || !mmu.TryFencePageQuickly(ref host, v.X[rs1]))
        {
            return false;
        }

        v.Counters.Emulated++;
        v.Pc += sizeof(uint);
        return true;
    }

    /// <summary>Emulates an instruction that trapped as illegal.</summary>
    /// <returns>Advance, Reflect for what is illegal in the guest's mode too, or what a wait led to.</returns>
    public static TrapOutcome Emulate<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where THost : struct, ITrapHost, IResidentHart
        where TMmu : struct, IGuestMmu<THost>
    {
        if (v.Csrs.Mode == PrivilegeMode.Supervisor && (instruction & Encodings.OpcodeMask) == Encodings.SystemOpcode)
        {
            if ((instruction & CsrInstruction) != 0)
            {
                if (AccessCsr(ref host, ref v, ref mmu, instruction))
                {
                    return TrapOutcome.Advance;
                }
            }
            else if ((instruction & Encodings.SfenceVmaMask) == Encodings.SfenceVma)
            {
                Fence(ref host, ref v, ref mmu, instruction);
                return TrapOutcome.Advance;
            }
            else if (instruction == Encodings.Wfi)
            {
                v.Pc += sizeof(uint);
                return HartWait.Begin(default(ResidentMode<THost>), ref host, ref v, HartState.Started);
            }
        }

        v.ReflectCause = (ulong)ExceptionCause.IllegalInstruction;
        v.ReflectValue = instruction;
        return TrapOutcome.Reflect;
    }

    private static bool AccessCsr<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var number = instruction >> 20;
        var rd = (int)((instruction >> 7) & 31);
        var rs1 = (int)((instruction >> 15) & 31);
        // csrrs and csrrc with x0 or 0 do not write (Unprivileged spec §6.1).
        var writes = rs1 != 0 || (instruction & CsrSetOrClear) == 0;
        ulong old;
        if (number == Csr.Satp)
        {
            old = v.Csrs.Satp;
            if (writes)
            {
                var operand = (instruction & CsrImmediate) != 0 ? (ulong)rs1 : v.X[rs1];
                WriteSatp<THost, TMmu>(ref v, ref mmu, (instruction & CsrSetOrClear) == 0 ? operand
                    : (instruction & CsrClear) == 0 ? old | operand
                    : old & ~operand);
            }
        }
        else if (number == Csr.Time && !writes)
        {
            old = host.ReadTime();
        }
        else
        {
            return false;
        }

        v.X[rd] = old;
        v.X[0] = 0;
        return true;
    }

    private static void WriteSatp<THost, TMmu>(ref VCpu v, ref TMmu mmu, ulong value)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        // An unsupported mode leaves all of satp as it was (Privileged spec 1.13 §12.1.11): this is how guests probe.
        if (mmu.Supports(Satp.Mode(value)))
        {
            v.Csrs.Satp = value & (~Satp.AsidMask | mmu.AsidMask);
            v.Csrs.ViewChanged = true;
        }
    }

    private static void Fence<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var rs1 = (int)((instruction >> 15) & 31);
        var rs2 = (int)((instruction >> 20) & 31);
        if (rs1 != 0 && rs2 != 0)
        {
            mmu.FencePageAsid(ref host, v.X[rs1], (ushort)v.X[rs2]);
        }
        else if (rs1 != 0)
        {
            mmu.FencePage(ref host, v.X[rs1]);
        }
        else
        {
            if (rs2 != 0)
            {
                mmu.FenceAsid(ref host, (ushort)v.X[rs2]);
            }
            else
            {
                mmu.FenceAll(ref host);
            }

            v.Csrs.ViewChanged = true;
        }
    }
}
