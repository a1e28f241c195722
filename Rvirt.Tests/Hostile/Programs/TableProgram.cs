using System;
using System.Linq;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>Page tables that point where no guest may reach, in circles, at themselves, at devices, and with every reserved bit set.</summary>
/// <remarks>The root's entry 2 maps RAM where it is; entry 4 is the one that is attacked with. Under Sv48 the same tables hang below one more.</remarks>
internal sealed class TableProgram
{
    private const ulong Root = 0x8040_0000;
    private const ulong Middle = 0x8040_1000;
    private const ulong Leaves = 0x8040_2000;
    private const ulong Top = 0x8040_3000;
    private const ulong Target = 0x8050_0000;
    private const ulong Attack = 4UL << 30;
    private const ulong Return = 0x0000_8067;
    private const ulong V = 1;
    private const ulong R = 2;
    private const ulong W = 4;
    private const ulong X = 8;
    private const ulong U = 16;
    private const ulong A = 64;
    private const ulong D = 128;
    private const ulong All = V | R | W | X | A | D;
    private const ulong SumBit = 1 << 18;

    // One of each kind and width.
    private static readonly int[] Accesses =
    [
        .. ((string[])["ld a0", "sd a3", "jr a1", "amoadd.d", "lr.d", "lb a0", "flw", "mv t5, sp; mv sp, a1; .half 0x6502"]).Select(ProbeInstruction.Find),
    ];

    private readonly Script _script = new();

    private TableProgram()
    {
    }

    public static GuestProgram Build(int mode)
    {
        var program = new TableProgram();
        program.Prepare(mode);
        program.Places();
        program.Structures();
        program.Entries();
        program.Permissions();
        return program._script.Build("tables-sv" + (mode == 8 ? "39" : "48"));
    }

    private static ulong Pte(ulong address, ulong flags) => (address >> 12 << 10) | flags;

    private void Prepare(int mode)
    {
        _script.Fill(Root, 0, 4 * 512).Fill(Target, Return, 512).Fill(GuestProgram.RamBase, Return, 512);
        _script.Store(Root + 16, Pte(GuestProgram.RamBase, All)).Store(Top, Pte(Root, V)).Fence();
        var satp = ((ulong)mode << 60) | ((mode == 8 ? Root : Top) >> 12);
        _script.Text("satp ").Translate(satp, satp).Send();
    }

    // Leaves of each size at all that is not the guest's RAM, and walks that would read tables there.
    private void Places()
    {
        ulong[] foreign =
        [
            0, 0x1000, 0x200_0000, 0x300_0000, 0x2000_0000, 0x3000_0000, 0x4000_0000, 0x7fff_f000, GuestProgram.RamEnd, GuestProgram.RamEnd + 0x1000,
            0x8200_0000, 0x8300_0000, 0x8400_0000, 0xc000_0000, 0x1_0000_0000, 0x8_0000_0000, (1UL << 56) - 0x1000, 1UL << 55,
        ];
        foreach (var address in foreign)
        {
            Case("page", Attack, AccessFault, (Root + 32, Pte(Middle, V)), (Middle, Pte(Leaves, V)), (Leaves, Pte(address, All)));
            Case("mega", Attack + (address & 0x1f_ffff), AccessFault, (Middle, Pte(address & ~0x1f_ffffUL, All)));
            Case("giga", Attack + (address & 0x3fff_ffff), AccessIf(address), (Root + 32, Pte(address & ~0x3fff_ffffUL, All)));
            Case("leaf table", Attack, AccessFault, (Root + 32, Pte(Middle, V)), (Middle, Pte(address, V)));
            Case("middle table", Attack, AccessFault, (Root + 32, Pte(address, V)));
        }

        foreach (var device in new[] { GuestMap.Test, GuestMap.Plic, GuestMap.Uart, GuestMap.Virtio, GuestMap.Virtio + 0x7000 })
        {
            Case("device", Attack, i => MmioProgram.Expect(i, device), (Root + 32, Pte(Middle, V)), (Middle, Pte(Leaves, V)), (Leaves, Pte(device, All)));
            Case("device mega", Attack + (device & 0x1f_ffff), i => MmioProgram.Expect(i, device), (Middle, Pte(device & ~0x1f_ffffUL, All)));
            Case("device table", Attack, AccessFault, (Middle, Pte(device, V)));
            Case("device middle", Attack, AccessFault, (Root + 32, Pte(device, V)));
        }

        // A gigapage that is RAM at first and nothing behind its end.
        const ulong Length = GuestProgram.RamLength;
        Case("edge inside", Attack, Works, (Root + 32, Pte(GuestProgram.RamBase, All)));
        Case("edge behind", Attack + Length, AccessFault);
        Case("edge last", Attack + (1 << 30) - 16, AccessFault);
        Straddle(Attack + Length - 4);
    }

    // Loops, and tables that map themselves.
    private void Structures()
    {
        Case("root in itself, as table", Attack + (4 << 21) + (4 << 12), PageFault, (Root + 32, Pte(Root, V)));
        Case("root in itself, as leaf", Attack + (2 << 21), Works);
        Case("two in a circle", Attack, PageFault, (Root + 32, Pte(Middle, V)), (Middle, Pte(Leaves, V)), (Leaves, Pte(Middle, V)));
        Case("table in itself", Attack, PageFault, (Middle, Pte(Middle, V)));
        // The leaf table through itself: the guest writes its own leaf, and sees the page change after the fence.
        _script.Store(Root + 32, Pte(Middle, V)).Store(Middle, Pte(Leaves, V)).Fill(Leaves, 0, 512).Store(Leaves + 8, Pte(Leaves, R | W | V | A | D)).Fence();
        _script.Text("own table ");
        var store = ProbeInstruction.Find("sd a3");
        var load = ProbeInstruction.Find("ld a0");
        _script.Probe(store, Attack + 0x1000 + 16, ".", Pte(Target, All)).Fence().Probe(load, Attack + 0x2000, ".");
        _script.Probe(store, Attack + 0x1000 + 16, ".", Pte(GuestProgram.RamEnd, All)).Fence().Probe(load, Attack + 0x2000, "5");
        _script.Probe(store, Attack + 0x1000 + 16, ".").Fence().Probe(load, Attack + 0x2000, "d");
        _script.Probe(store, Attack + 0x1000 + 8, ".").Fence().Probe(store, Attack + 0x1000 + 8, "f").Send();
    }

    // Entries that no table may have.
    private void Entries()
    {
        Leaf("valid", Pte(Target, All), Works);
        Leaf("not valid", Pte(Target, All & ~V), PageFault);
        Leaf("written, not readable", Pte(Target, V | W | A | D), PageFault);
        Leaf("written, executed, not readable", Pte(Target, V | W | X | A | D), PageFault);
        for (var bit = 54; bit < 64; bit++)
        {
            Leaf("bit " + bit, Pte(Target, All) | (1UL << bit), PageFault);
            Case("table with bit " + bit, Attack, PageFault, (Middle, Pte(Leaves, V) | (1UL << bit)), (Leaves, Pte(Target, All)));
        }

        foreach (var (name, flag) in new[] { ("A", A), ("D", D), ("U", U) })
        {
            Case("table with " + name, Attack, PageFault, (Middle, Pte(Leaves, V | flag)), (Leaves, Pte(Target, All)));
        }

        Case("misaligned mega", Attack, PageFault, (Middle, Pte(Target + 0x1000, All)));
        Case("misaligned giga", Attack, PageFault, (Root + 32, Pte(GuestProgram.RamBase + 0x20_0000, All)));
        foreach (var va in new[] { 1UL << 47, 1UL << 62, ~0UL << 56, (~0UL << 56) + GuestProgram.RamBase, (~0UL << 47) ^ (1UL << 63) })
        {
            // The hypervisor's own window starts at the third of these on a host with Sv57.
            Case("not canonical", va, PageFault, (Root + 32, Pte(Middle, V)), (Middle, Pte(Leaves, V)), (Leaves, Pte(Target, All)));
        }
    }

    private void Permissions()
    {
        Leaf("user", Pte(Target, All | U), PageFault);
        _script.Status(0, SumBit);
        Leaf("user with SUM", Pte(Target, All | U), i => i.Kind == ProbeKind.Fetch ? "c" : ".");
        _script.Status(SumBit, 0);
        Leaf("read only", Pte(Target, V | R | A), i => i.PageFault == "d" ? "." : i.PageFault);
        Leaf("execute only", Pte(Target, V | X | A), i => i.Kind == ProbeKind.Fetch ? "." : i.PageFault);
        Leaf("never accessed", Pte(Target, V | R | W | X), Works);
        _script.Text("accessed and dirty now ").Load(Leaves, 8, A | D, A | D).Send();
        // A leaf whose accessed bit cannot be set, because it is no leaf of RAM.
        Leaf("never accessed, foreign", Pte(GuestProgram.RamEnd, V | R | W | X), AccessFault);
    }

    private static string Works(ProbeInstruction instruction) => ".";

    private static string PageFault(ProbeInstruction instruction) => instruction.PageFault;

    private static string AccessFault(ProbeInstruction instruction) => instruction.AccessFault;

    // A gigapage can hold the address of a foreign page and a device.
    private static Func<ProbeInstruction, string> AccessIf(ulong address) => i => MmioProgram.Expect(i, address);

    private void Leaf(string name, ulong pte, Func<ProbeInstruction, string> expected) =>
        Case(name, Attack, expected, (Root + 32, Pte(Middle, V)), (Middle, Pte(Leaves, V)), (Leaves, pte));

    private void Case(string name, ulong va, Func<ProbeInstruction, string> expected, params (ulong Address, ulong Pte)[] writes)
    {
        foreach (var (address, pte) in writes)
        {
            _script.Store(address, pte);
        }

        _script.Fence().Text(name + " ");
        foreach (var access in Accesses)
        {
            // What is fetched is at the start of the page, data is behind it.
            var instruction = ProbeInstruction.All[access];
            _script.Probe(access, instruction.Kind == ProbeKind.Fetch ? va : va + 8, expected(instruction));
        }

        _script.Send();
    }

    private void Straddle(ulong va)
    {
        _script.Text("edge across ");
        _script.Probe(ProbeInstruction.Find("ld a0"), va, "5!").Probe(ProbeInstruction.Find("sd a3"), va, "7!").Probe(ProbeInstruction.Find("fld"), va, "5!").Send();
    }
}
