using System;
using NUnit.Framework;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>Which pages a remote fence drops: exactly those its range touches (SBI 2.0 §8).</summary>
public sealed class FenceRangeTests
{
    private static string[] Fences(ulong start, ulong size)
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Rfence, 1, 1, 0, start, size);
        Assert.That((long)machine.V.X[10], Is.Zero);
        return [.. machine.Mmu.Calls.FindAll(call => call.StartsWith("fence", StringComparison.Ordinal))];
    }

    [TestCase(0x5000UL, 1UL, 1)]
    [TestCase(0x5000UL, 0x1000UL, 1)]
    [TestCase(0x5000UL, 0x1001UL, 2)]
    [TestCase(0x5fffUL, 2UL, 2)]
    [TestCase(0x5fffUL, 1UL, 1)]
    [TestCase(0x5000UL, 0UL, 0)]
    [TestCase(0x5800UL, 0UL, 0)]
    [TestCase(0x5000UL, 64UL << 12, 64)]
    public void ARangeDropsThePagesItTouches(ulong start, ulong size, int pages)
    {
        var expected = new string[pages];
        for (var i = 0; i < pages; i++)
        {
            expected[i] = $"fence page {0x5000 + (0x1000 * i):x}";
        }

        Assert.That(Fences(start, size), Is.EqualTo(expected));
    }

    [TestCase(0xffff_ffff_ffff_f000UL, 0x1000UL, "fence page fffffffffffff000")]
    [TestCase(0xffff_ffff_ffff_ffffUL, 1UL, "fence page fffffffffffff000")]
    [TestCase(0xffff_ffff_ffff_e800UL, 0x1800UL, "fence page ffffffffffffe000", "fence page fffffffffffff000")]
    [TestCase(0xffff_ffff_ffff_ffffUL, 0UL)]
    [TestCase(0xffff_ffff_0000_0000UL, 0x1_0000_0000UL, "fence")]
    [TestCase(1UL, ulong.MaxValue - 1, "fence")]
    public void ARangeMayEndWhereTheAddressSpaceDoes(ulong start, ulong size, params string[] fences) => Assert.That(Fences(start, size), Is.EqualTo(fences));

    [TestCase(0xffff_ffff_ffff_f000UL, 0x1001UL)]
    [TestCase(0xffff_ffff_ffff_ffffUL, 2UL)]
    [TestCase(3UL, ulong.MaxValue - 1)]
    public void ARangeThatLeavesTheAddressSpaceIsRefused(ulong start, ulong size)
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Rfence, 1, 1, 0, start, size);
        Assert.That((long)machine.V.X[10], Is.EqualTo(-5));
        Assert.That(machine.Mmu.Calls, Is.Empty);
    }

    [TestCase(6UL)]
    [TestCase(7UL)]
    public void ALegacyRangeMayEndThereToo(ulong extension)
    {
        using var machine = new TrapMachine();
        machine.Ecall(extension, 0, 0, 0xffff_ffff_ffff_f000, 0x1000, 0);
        Assert.That((long)machine.V.X[10], Is.Zero);
        Assert.That(machine.Mmu.Calls, Has.One.StartWith("fence page").And.Contain("fffffffffffff000"));
    }

    [TestCase(0x5000UL, (64UL << 12) + 1)]
    [TestCase(0UL, 0UL)]
    [TestCase(0UL, ulong.MaxValue)]
    [TestCase(0x5000UL, ulong.MaxValue)]
    public void AWideRangeDropsEverything(ulong start, ulong size) => Assert.That(Fences(start, size), Is.EqualTo(["fence"]));

    [Test]
    public void AFenceChoosesTheViewAgain()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Rfence, 1, 1, 0, 0x5000, 0x1000);
        Assert.That(machine.Mmu.Calls, Is.EqualTo(["fence page 5000", "activate 0 Supervisor sum=False mxr=False"]));
        Assert.That(machine.V.Csrs.CodePage, Is.EqualTo(GuestCsrs.NoCode));
    }

    [Test]
    public void AHartThatIsNotThereIsRefused([Values(0UL, 1UL, 2UL)] ulong function)
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Rfence, function, 2, 0, 0x5000, 0x1000);
        Assert.That((long)machine.V.X[10], Is.EqualTo(-3));
        Assert.That(machine.Mmu.Calls, Is.Empty);
        Assert.That(machine.Hart.FenceI, Is.Zero);
    }

    [Test]
    public void AHartThatIsNotNamedDropsNothing()
    {
        using var machine = new TrapMachine();
        machine.Ecall(SbiExtension.Rfence, 1, 0, 0, 0, 0);
        machine.Ecall(SbiExtension.Rfence, 0, 0, 0);
        Assert.That((long)machine.V.X[10], Is.Zero);
        Assert.That(machine.Mmu.Calls, Has.None.StartWith("fence"));
        Assert.That(machine.Hart.FenceI, Is.Zero);
    }
}
