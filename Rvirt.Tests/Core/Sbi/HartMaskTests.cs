using NUnit.Framework;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>Hart masks of guests with several harts, against the plain reading of SBI 2.0 §3.1.</summary>
public sealed class HartMaskTests
{
    private static readonly ulong[] Masks = [0, 1, 2, 5, 0x8000_0000_0000_0000, ulong.MaxValue, (1UL << 63) | 1];

    [Test]
    public void AMaskNamesTheHartsFromItsBaseUp([ValueSource(nameof(Masks))] ulong mask, [Values(0UL, 1UL, 3UL, 64UL)] ulong first)
    {
        var harts = new HartMask(mask, first);
        for (var hart = 0; hart < 130; hart++)
        {
            var bit = hart - (long)first;
            Assert.That(harts.Contains(hart), Is.EqualTo(bit is >= 0 and < 64 && ((mask >> (int)bit) & 1) != 0), $"hart {hart}");
        }
    }

    [Test]
    public void AMaskIsValidWhereEveryHartItNamesExists([ValueSource(nameof(Masks))] ulong mask, [Values(0UL, 1UL, 3UL, 64UL)] ulong first)
    {
        foreach (var count in (int[])[1, 2, 4, 64, 65, 100])
        {
            var guest = new VCpu { GuestHarts = count };
            var valid = first < (ulong)count;
            for (var bit = 0; bit < 64; bit++)
            {
                valid &= ((mask >> bit) & 1) == 0 || first + (ulong)bit < (ulong)count;
            }

            Assert.That(new HartMask(mask, first).IsValid(guest), Is.EqualTo(valid), $"{count} harts");
        }
    }

    [Test]
    public void TheGuestsHartsThatAreNamedAreThoseItHas(
        [ValueSource(nameof(Masks))] ulong mask, [Values(0UL, 1UL, 3UL, 7UL, 8UL, 32UL, 64UL, ulong.MaxValue)] ulong first, [Values(1, 2, 7, 8)] int count)
    {
        var harts = new HartMask(mask, first);
        var named = harts.Of(new VCpu { GuestHarts = count });
        for (var hart = 0; hart < 32; hart++)
        {
            Assert.That(((named >> hart) & 1) != 0, Is.EqualTo(hart < count && harts.Contains(hart)), $"hart {hart}");
        }
    }

    [Test]
    public void ABaseOfAllOnesNamesEveryHart([ValueSource(nameof(Masks))] ulong mask)
    {
        var harts = new HartMask(mask, ulong.MaxValue);
        Assert.That(harts.IsValid(new VCpu { GuestHarts = 1 }), Is.True);
        Assert.That(harts.Contains(0) && harts.Contains(99), Is.True);
    }
}
