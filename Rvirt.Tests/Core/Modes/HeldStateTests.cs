using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Modes;

public sealed class HeldStateTests
{
    [Test]
    public void NothingOfAFormerLifeStaysInTheHart()
    {
        var hart = new TestHart { Sstatus = ulong.MaxValue };
        Array.Fill(hart.FloatingPoint, 0x3ff0_0000_0000_0000UL);
        var host = new TestHost(hart);
        Assert.That(default(DeprivilegedMode<TestHost>).Open(ref host), Is.EqualTo(HartUnits.FloatingPoint));
        Assert.Multiple(() =>
        {
            Assert.That(hart.FloatingPoint.Distinct(), Is.EqualTo([0UL]), "f0 to f31 and fcsr");
            Assert.That((hart.Sstatus >> 13) & 3, Is.EqualTo(1), "FS is initial");
            Assert.That((hart.Sstatus >> 9) & 3, Is.Zero, "VS is off");
            Assert.That((hart.Sstatus >> 18) & 3, Is.EqualTo(1), "SUM is set, MXR is not");
            Assert.That(hart.Sstatus & 0x162, Is.Zero, "SIE, SPIE, UBE and SPP");
        });
    }

    /// <summary>There the instructions would be illegal.</summary>
    [Test]
    public void AHartWithoutFloatingPointIsNotAskedToLoadAny()
    {
        var hart = new TestHart { WithoutFloatingPoint = true };
        Array.Fill(hart.FloatingPoint, 7UL);
        var host = new TestHost(hart);
        Assert.That(default(DeprivilegedMode<TestHost>).Open(ref host), Is.EqualTo(HartUnits.None));
        Assert.That(hart.FloatingPoint, Is.All.EqualTo(7));
    }

    [TestCase(PrivilegeMode.User, 2UL)]
    [TestCase(PrivilegeMode.Supervisor, 7UL)]
    public void WhatAHartHeldIsThereAgainAndNothingElseOfItsStatusChanges(PrivilegeMode guest, ulong counters)
    {
        const ulong Fs = 3UL << 13;
        const ulong Others = (1UL << 18) | (1UL << 1);
        var hart = new TestHart { Sstatus = 2UL << 13 };
        var host = new TestHost(hart);
        var mode = default(DeprivilegedMode<TestHost>);
        var mmu = new TestMmu(new TestMmuState());
        var v = default(VCpu);
        mode.Reset(ref host, ref v);
        v.Csrs.Mode = guest;
        v.Csrs.Scounteren = 2;
        for (var i = 0; i < 33; i++)
        {
            hart.FloatingPoint[i] = 100 + (ulong)i;
        }

        mode.Save(ref host, ref v, HartUnits.FloatingPoint);
        Array.Fill(hart.FloatingPoint, 7UL);
        hart.Sstatus = Others | Fs;
        mode.Load(ref host, ref v, ref mmu, HartUnits.FloatingPoint);
        Assert.That(hart.FloatingPoint, Is.EqualTo(Enumerable.Range(100, 33)));
        Assert.That((hart.Sstatus, hart.Scounteren), Is.EqualTo((Others | (2UL << 13), counters)));

        // Registers that nobody else had are left alone, and so are those of a hart that has none.
        Array.Fill(hart.FloatingPoint, 7UL);
        mode.Load(ref host, ref v, ref mmu, HartUnits.None);
        Assert.That(hart.FloatingPoint, Is.All.EqualTo(7));
        mode.Save(ref host, ref v, HartUnits.None);
        mode.Load(ref host, ref v, ref mmu, HartUnits.FloatingPoint);
        Assert.That(hart.FloatingPoint, Is.EqualTo(Enumerable.Range(100, 33)), "nothing was stored");
    }

    [TestCase(0UL, HartUnits.FloatingPoint)]
    [TestCase(16UL, HartUnits.FloatingPoint | HartUnits.Vectors)]
    [TestCase(128UL, HartUnits.FloatingPoint | HartUnits.Vectors)]
    [TestCase(8192UL, HartUnits.FloatingPoint | HartUnits.Vectors)]
    [TestCase(16384UL, HartUnits.FloatingPoint, Description = "longer than any hart has")]
    public void AHartHasTheVectorsThatItNames(ulong bytes, HartUnits units)
    {
        var hart = new TestHart { Sstatus = ulong.MaxValue, VectorBytes = bytes };
        var host = new TestHost(hart);
        Assert.That(default(DeprivilegedMode<TestHost>).Open(ref host), Is.EqualTo(units));
        Assert.That((hart.Sstatus >> 9) & 3, Is.Zero, "VS is off until a guest is loaded that has them");
    }

    /// <summary>Three guests in turn on one hart, the second without vectors.</summary>
    [Test]
    public unsafe void EachGuestFindsItsOwnVectorsAndOneWithoutFindsThemOff()
    {
        const HartUnits Units = HartUnits.FloatingPoint | HartUnits.Vectors;
        var hart = new TestHart { VectorBytes = 128 };
        var host = new TestHost(hart);
        var mode = default(DeprivilegedMode<TestHost>);
        var mmu = new TestMmu(new TestMmuState());
        var guests = new VCpu[3];
        var areas = stackalloc ulong[3 * 516];
        for (var i = 0; i < 3; i++)
        {
            if (i != 1)
            {
                new Span<ulong>(areas + (516 * i), 516).Fill(9);
                guests[i].GiveVectors(areas + (516 * i), 128);
            }

            guests[i].Reset(0x8000_0000, 0);
            mode.Reset(ref host, ref guests[i]);
        }

        Array.Fill(hart.Vectors, 7UL);
        for (var round = 0UL; round < 3; round++)
        {
            for (var i = 0; i < 3; i++)
            {
                mode.Load(ref host, ref guests[i], ref mmu, Units);
                var state = i == 1 ? 0UL : round == 0 ? 1UL : 3UL;
                Assert.That((hart.Sstatus >> 9) & 3, Is.EqualTo(state), $"VS of {i}, round {round}");
                if (i == 1)
                {
                    continue;
                }

                var first = Enumerable.Repeat(0UL, 2).Append(1UL << 63).Concat(Enumerable.Repeat(0UL, 513));
                Assert.That(hart.Vectors, round == 0 ? Is.EqualTo(first) : Is.All.EqualTo((100 * round) + (ulong)i), "a type that is illegal, and zeros, at first");
                Array.Fill(hart.Vectors, (100 * (round + 1)) + (ulong)i);
                hart.Sstatus |= 3UL << 9;
                mode.Save(ref host, ref guests[i], Units);
            }
        }
    }

    [Test]
    public void AGuestBeginsWithTheStateOfItsUnitsInitial()
    {
        var hart = new TestHart { Sstatus = 3UL << 13 };
        var host = new TestHost(hart);
        var mode = default(DeprivilegedMode<TestHost>);
        var mmu = new TestMmu(new TestMmuState());
        var v = default(VCpu);
        mode.Reset(ref host, ref v);
        mode.Load(ref host, ref v, ref mmu, HartUnits.FloatingPoint);
        Assert.That((hart.Sstatus >> 13) & 3, Is.EqualTo(1));
    }
}
