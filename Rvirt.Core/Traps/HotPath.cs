using System.Runtime.CompilerServices;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Traps;

/// <summary>
/// The few privileged instructions that make up nine tenths of a Linux guest's: accesses to <c>sstatus</c> that change neither the
/// MMU's view nor let an interrupt in, and to <c>sscratch</c>, <c>sepc</c>, <c>scause</c> and <c>stval</c>.
/// </summary>
/// <remarks>
/// It does what <see cref="PrivilegedInstruction"/> does, in straight code without calls, so that the compiled path saves no
/// register that assembly has saved already. Whatever else it meets it leaves to that, untouched.
/// </remarks>
public static class HotPath
{
    private const int ChainLimit = 32;

    private const uint SystemOpcode = 0x73;

    private const ulong SoftwareBits =
        Sstatus.Sie | Sstatus.Spie | Sstatus.Spp | Sstatus.Sum | Sstatus.Mxr;

    /// <summary>Emulates an instruction and those behind it, as long as they are of the few.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="v">The virtual hart, in S-mode.</param>
    /// <param name="instruction">The instruction at its program counter; not zero.</param>
    /// <returns>Zero: enter the guest. Otherwise the instruction now at the program counter, which is not of the few.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Run<THost>(ref THost host, ref VCpu v, uint instruction)
        where THost : struct, IHost
    {
        for (var budget = ChainLimit; ; budget--)
        {
            if (!TryEmulate(ref host, ref v, instruction))
            {
                return instruction;
            }

            v.Counters.Emulated++;
            v.Pc += 4;
            if (budget == 0
                || !host.TryFetch(v.Pc, out instruction)
                || !PrivilegedInstruction.WouldTrap(instruction))
            {
                return 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryEmulate<THost>(ref THost host, ref VCpu v, uint instruction)
        where THost : struct, IHost
    {
        if ((instruction & 0x7f) != SystemOpcode || (instruction & 0x3000) == 0)
        {
            return false;
        }

        var number = instruction >> 20;
        var rs1 = (int)(instruction >> 15 & 31);
        var rd = (int)(instruction >> 7 & 31);
        var operand = (instruction & 0x4000) != 0 ? (ulong)rs1 : v.X[rs1];
        ulong old;
        if (number == Csr.Sstatus)
        {
            var hardware = host.ReadSstatus();
            var hardwareBits = Sstatus.Fs | v.ExtraSstatus;
            old = v.Sstatus | hardware & hardwareBits;
            var next = Combine(instruction, old, operand);
            if (((old ^ next) & (Sstatus.Sum | Sstatus.Mxr)) != 0
                || ((next & Sstatus.Sie) != 0 && (v.Sip & v.Sie) != 0))
            {
                return false;
            }

            if (((old ^ next) & hardwareBits) != 0)
            {
                host.WriteSstatus(hardware & ~hardwareBits | next & hardwareBits);
            }

            v.Sstatus = next & SoftwareBits;
            old = CsrFile.Complete(old);
        }
        else if ((number & ~3U) == Csr.Sscratch)
        {
            // sscratch, sepc, scause and stval stand in the order of their numbers.
            ref var register = ref Unsafe.Add(ref v.Sscratch, (int)(number & 3));
            old = register;
            register = Combine(instruction, old, operand);
            v.Sepc &= ~1UL;
        }
        else
        {
            return false;
        }

        v.X[rd] = old;
        v.X[0] = 0;
        return true;
    }

    // csrrs and csrrc with x0 write the old value back, which changes nothing in these registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Combine(uint instruction, ulong old, ulong operand) => (instruction >> 12 & 3) switch
    {
        1 => operand,
        2 => old | operand,
        _ => old & ~operand,
    };
}
