using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>Emulates the instructions that trap because the guest's S-mode runs in U-mode: CSR accesses, sret, wfi, sfence.vma.</summary>
internal static class PrivilegedInstruction
{
    /// <summary>Any of these bits is set in the CSR instructions alone of the SYSTEM opcode.</summary>
    internal const uint CsrInstruction = 0x3000;

    /// <summary>Set where the operand is the rs1 field itself.</summary>
    internal const uint CsrImmediate = 0x4000;

    private const uint CsrSetOrClear = 0x2000;

    private const uint CsrClear = 0x1000;

    private const uint TimeMask = (0xfffu << 20) | Encodings.OpcodeMask;

    private const uint TimeAccess = (Csr.Time << 20) | Encodings.SystemOpcode;

    /// <summary>TM of <c>scounteren</c>: U-mode may read <c>time</c>.</summary>
    private const ulong CountsTime = 1 << 1;

    /// <summary>Emulates an instruction that the hart found illegal in U-mode.</summary>
    /// <returns>Advance, Resume where the program counter was set, Reflect for what is illegal in the guest's mode too, or Idle.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TrapOutcome Emulate<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where THost : struct, ITrapHost
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
            else if (instruction == Encodings.Sret)
            {
                TrapEntry.Return(ref host, ref v);
                return TrapOutcome.Resume;
            }
            else if ((instruction & Encodings.SfenceVmaMask) == Encodings.SfenceVma)
            {
                Fence(ref host, ref v, ref mmu, instruction);
                return TrapOutcome.Advance;
            }
            else if (instruction == Encodings.Wfi)
            {
                v.Pc += sizeof(uint);
                return HartWait.Begin(default(DeprivilegedMode<THost>), ref host, ref v, HartState.Started);
            }
        }

        // Programs read the clock too; this traps on harts alone that have no time CSR (Privileged spec 1.13 §10.1.5).
        else if (v.Csrs.Mode == PrivilegeMode.User
            && (instruction & TimeMask) == TimeAccess
            && (instruction & CsrInstruction) != 0
            && (v.Csrs.Scounteren & CountsTime) != 0
            && AccessCsr(ref host, ref v, ref mmu, instruction))
        {
            return TrapOutcome.Advance;
        }

        v.ReflectCause = (ulong)ExceptionCause.IllegalInstruction;
        v.ReflectValue = instruction;
        return TrapOutcome.Reflect;
    }

    /// <summary>
    /// Whether the instruction after an emulated one would trap too, so that emulating it now saves a way out and in. CSRs that
    /// U-mode has are left to the hart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool WouldTrap(uint instruction)
    {
        if ((instruction & Encodings.OpcodeMask) != Encodings.SystemOpcode)
        {
            return false;
        }

        return (instruction & CsrInstruction) != 0
            ? ((instruction >> 28) & 3) == (uint)PrivilegeMode.Supervisor
            : instruction == Encodings.Sret || (instruction & Encodings.SfenceVmaMask) == Encodings.SfenceVma;
    }

    /// <summary>What a CSR instruction makes of a CSR's old value and its operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Combine(uint instruction, ulong old, ulong operand) =>
        (instruction & CsrSetOrClear) == 0 ? operand
        : (instruction & CsrClear) == 0 ? old | operand
        : old & ~operand;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AccessCsr<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var number = instruction >> 20;
        var rd = (int)((instruction >> 7) & 31);
        var rs1 = (int)((instruction >> 15) & 31);
        var operand = (instruction & CsrImmediate) != 0 ? (ulong)rs1 : v.X[rs1];
        if (!CsrFile.TryRead(ref host, v, number, out var old))
        {
            return false;
        }

        var next = Combine(instruction, old, operand);

        // csrrs and csrrc with x0 or 0 do not write (Unprivileged spec §6.1).
        if (rs1 != 0 || (instruction & CsrSetOrClear) == 0)
        {
            if (number >> 10 == 3)
            {
                return false;
            }

            CsrFile.Write(ref host, ref v, ref mmu, number, next);
        }

        v.X[rd] = old;
        v.X[0] = 0;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fence<THost, TMmu>(ref THost host, ref VCpu v, ref TMmu mmu, uint instruction)
        where THost : struct, ITrapHost
        where TMmu : struct, IGuestMmu<THost>
    {
        var rs1 = (int)((instruction >> 15) & 31);
        var rs2 = (int)((instruction >> 20) & 31);
        if (rs1 != 0)
        {
            if (rs2 != 0)
            {
                mmu.FencePageAsid(ref host, v.X[rs1], (ushort)v.X[rs2]);
            }
            else
            {
                mmu.FencePage(ref host, v.X[rs1]);
            }

            return;
        }

        if (rs2 != 0)
        {
            mmu.FenceAsid(ref host, (ushort)v.X[rs2]);
        }
        else
        {
            mmu.FenceAll(ref host);
        }

        CsrFile.ForgetTranslation(ref v);
    }
}
