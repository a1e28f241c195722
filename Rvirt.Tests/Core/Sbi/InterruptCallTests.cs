using System;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>IPIs in a guest of three harts (SBI 2.0 §7): each hart that is named hears of it, and no other.</summary>
public sealed unsafe class InterruptCallTests
{
    private readonly TrapMachine[] _harts = [new(), new(), new()];

    private readonly VCpu** _siblings = (VCpu**)NativeMemory.Alloc(3, (nuint)sizeof(VCpu*));

    [OneTimeTearDown]
    public void Free()
    {
        NativeMemory.Free(_siblings);
        Array.ForEach(_harts, hart => hart.Dispose());
    }

    [SetUp]
    public void Start()
    {
        for (var i = 0; i < _harts.Length; i++)
        {
            ref var v = ref _harts[i].V;
            v.Index = i;
            v.GuestHarts = _harts.Length;
            v.HostHartId = 40 + (ulong)i;
            v.Siblings = _siblings;
            v.Reset(TrapMachine.Entry, 0);
            CsrFile.Reset(ref v);
            // SAFETY: virtual harts lie in native memory until they are disposed of.
            _siblings[i] = (VCpu*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref v);
            _harts[i].Hart.Ipis.Clear();
            _harts[i].Hart.IpiCalls = 0;
        }
    }

    [TestCase(0b000UL, 0UL)]
    [TestCase(0b001UL, 0UL)]
    [TestCase(0b010UL, 0UL)]
    [TestCase(0b101UL, 0UL)]
    [TestCase(0b111UL, 0UL)]
    [TestCase(0b011UL, 1UL)]
    [TestCase(0UL, ulong.MaxValue)]
    public void AnIpiReachesTheHartsNamed(ulong mask, ulong maskBase)
    {
        const int Caller = 1;
        _harts[2].V.Requests = (int)HartRequest.External;
        _harts[Caller].Ecall(SbiExtension.Ipi, 0, mask, maskBase);
        Assert.That((long)_harts[Caller].V.X[10], Is.Zero);
        var ipis = 0;
        for (var i = 0; i < _harts.Length; i++)
        {
            var named = maskBase == ulong.MaxValue || (((mask << (int)maskBase) >> i) & 1) != 0;
            var sibling = named && i != Caller;
            ref var v = ref _harts[i].V;
            Assert.That(v.Csrs.Sip, Is.EqualTo(named && i == Caller ? Interrupts.Software : 0), $"hart {i}");
            Assert.That((HartRequest)v.Requests, Is.EqualTo((sibling ? HartRequest.Interrupt : HartRequest.None) | (i == 2 ? HartRequest.External : HartRequest.None)), $"hart {i}");
            // Hart 2 is on its way already.
            var interrupted = sibling && i != 2;
            Assert.That(_harts[Caller].Hart.Ipis.Contains(v.HostHartId), Is.EqualTo(interrupted), $"hart {i}");
            ipis += interrupted ? 1 : 0;
        }

        Assert.That((_harts[Caller].Hart.Ipis.Count, _harts[Caller].Hart.IpiCalls), Is.EqualTo((ipis, ipis == 0 ? 0 : 1)), "one call of the firmware for all");
    }

    [TestCase(0b1000UL, 0UL)]
    [TestCase(0b100UL, 1UL)]
    [TestCase(1UL, 3UL)]
    public void AHartThatIsNotThereIsRefused(ulong mask, ulong maskBase)
    {
        _harts[0].Ecall(SbiExtension.Ipi, 0, mask, maskBase);
        Assert.That((long)_harts[0].V.X[10], Is.EqualTo(-3));
        Assert.That(_harts[0].V.Csrs.Sip, Is.Zero);
        Assert.That(_harts[0].Hart.Ipis, Is.Empty);
    }

    [Test]
    public void ASecondIpiIsStillAnIpi()
    {
        _harts[0].Ecall(SbiExtension.Ipi, 0, 1, 0);
        _harts[0].Ecall(SbiExtension.Ipi, 0, 1, 0);
        Assert.That(_harts[0].V.Csrs.Sip, Is.EqualTo(Interrupts.Software));
    }

    [Test]
    public void AnIpiToOneselfIsDeliveredAtOnce()
    {
        ref var v = ref _harts[0].V;
        v.Csrs.Sie = Interrupts.Software;
        v.Csrs.Sstatus = Sstatus.Sie;
        v.Csrs.Stvec = 0x8000_1000;
        _harts[0].Ecall(SbiExtension.Ipi, 0, 1, 0);
        Assert.That((v.Pc, v.Csrs.Scause, v.Csrs.Sepc), Is.EqualTo((0x8000_1000UL, (1UL << 63) | 1, TrapMachine.Entry + 4)));
    }
}
