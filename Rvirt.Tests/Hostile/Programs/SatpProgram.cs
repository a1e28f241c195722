namespace Rvirt.Tests.Hostile.Programs;

/// <summary>Every mode, ASID and address space identifier written to satp, over tables that keep the program mapped.</summary>
internal static class SatpProgram
{
    private const ulong Root = 0x8040_0000;
    private const ulong Top = 0x8040_3000;

    public static GuestProgram Build()
    {
        var script = new Script();
        script.Fill(Root, 0, 4 * 512).Store(Root + 16, (0x8000_0000UL >> 2) | 0xcf).Store(Top, (Root >> 2) | 1).Fence();
        script.Text("modes ");
        var now = 0UL;
        for (var mode = 0UL; mode < 16; mode++)
        {
            // Modes that the hart lacks leave satp as it is (Privileged spec 1.13 §12.1.11): Bare, Sv39 and Sv48 are all there are.
            var value = mode == 0 ? 0 : (mode << 60) | ((mode == 9 ? Top : Root) >> 12);
            now = mode is 0 or 8 or 9 ? value : now;
            script.Translate(value, now).Text(" ");
        }

        script.Send();
        script.Text("asids ");
        for (var asid = 1UL; asid != 0; asid = (asid << 1) & 0xffff)
        {
            if (asid == 0x100)
            {
                script.Send().Text("and ");
            }

            var value = (8UL << 60) | (asid << 44) | (Root >> 12);
            script.Translate(value, value).Text(" ");
        }

        script.Send();
        script.Text("bare ").Translate(0, 0).Send();
        return script.Build("satp");
    }
}
