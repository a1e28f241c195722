using System.Collections.Generic;
using System.Globalization;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>Every instruction that touches memory, at every alignment, at every device, between them, and across every edge.</summary>
internal static class MmioProgram
{
    private const ulong Page = 4096;

    public static GuestProgram Build()
    {
        var script = new Script();
        foreach (var address in Addresses())
        {
            script.Text(address.ToString("x", CultureInfo.InvariantCulture) + " ");
            for (var i = 0; i < ProbeInstruction.All.Length; i++)
            {
                script.Probe(i, address, Expect(ProbeInstruction.All[i], address));
            }

            script.Send();
        }

        return script.Build("mmio");
    }

    /// <summary>What an access with translation off comes to.</summary>
    public static string Expect(ProbeInstruction instruction, ulong address)
    {
        var size = (ulong)instruction.Size;
        var crosses = (address & (Page - 1)) + size > Page;
        if (instruction.Kind is ProbeKind.Fetch)
        {
            if (GuestMap.IsRam(address))
            {
                // Zeros are an illegal instruction, and what stval has.
                return "2!";
            }

            // A jump drops the lowest bit of its target.
            return instruction.AccessFault + (address % 2 == 0 ? "" : "!");
        }

        if (address % size != 0 && instruction.Kind is not (ProbeKind.Load or ProbeKind.Store))
        {
            // Which of the two exceptions comes first is the core's choice (Privileged spec 1.13 §3.1.15), and a store-conditional without a reservation may just fail.
            return instruction.Kind switch { ProbeKind.LoadReserved => "*", ProbeKind.StoreConditional => "~", _ => "?" };
        }

        if (GuestMap.IsRam(address))
        {
            // Only plain loads and stores are tried here, across the end of RAM: the second half faults, at its own address.
            return GuestMap.IsRam(address + size - 1) ? "." : instruction.AccessFault + "!";
        }

        return instruction.Kind switch
        {
            ProbeKind.LoadReserved => instruction.AccessFault,
            ProbeKind.StoreConditional => "~",
            _ => !crosses && GuestMap.Answers(address, instruction.Size) ? "." : instruction.AccessFault,
        };
    }

    private static IEnumerable<ulong> Addresses()
    {
        foreach (var (start, length) in GuestMap.Devices)
        {
            // Each alignment at the start; the last bytes; the page's last bytes; what lies behind.
            for (var i = 0UL; i < 9; i++)
            {
                yield return start + i;
            }

            for (var i = 1UL; i < 9; i++)
            {
                yield return start + length - i;
            }

            yield return start + length;
            yield return ((start + length + Page - 1) & ~(Page - 1)) - 4;
        }

        // Inside the PLIC: enables, thresholds, claims of contexts that exist and that do not.
        foreach (var offset in new ulong[] { 0x180, 0x1000, 0x1008, 0x2000, 0x2080, 0x2100, 0x1f_fff8, 0x20_0000, 0x20_0004, 0x20_1000, 0x20_1002, 0x20_1004, 0x20_2004 })
        {
            yield return GuestMap.Plic + offset;
        }

        foreach (var offset in new ulong[] { 0x34, 0x50, 0x70, 0xfc, 0xfe, 0x100, 0x101, 0x104, 0x1f8, 0x1fc, 0x200 })
        {
            yield return GuestMap.Virtio + offset;
        }

        foreach (var gap in new ulong[]
        {
            0, 8, 0x1000, 0x200_0000, 0x200_4000, 0x200_bff8, 0x300_0000, 0xbff_fff8, 0x1000_9000, 0x2000_0000, 0x3000_0000, 0x4000_0000,
            GuestProgram.RamBase - 8, GuestProgram.RamBase - 4, GuestProgram.RamEnd - 4, GuestProgram.RamEnd, GuestProgram.RamEnd + 0x20_0000,
            0xa000_0000, 0x1_0000_0000, 0x80_0000_0000, 0x1_0000_0000_0000, 1UL << 55, 1UL << 56, 1UL << 63, ulong.MaxValue - 7,
            // Where the hypervisor's window is on hosts with Sv57 and Sv48.
            ~0UL << 56, (~0UL << 56) + GuestProgram.RamBase, ~0UL << 47, (~0UL << 47) + GuestProgram.RamBase,
        })
        {
            yield return gap;
        }
    }
}
