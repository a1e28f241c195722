using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Modes.Resident;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Modes;

/// <summary>A guest in the hart's own S-mode. Bits of <c>mstatus</c> are written out as the specification numbers them (Privileged spec 1.13 §3.1.6).</summary>
public sealed class ResidentModeTests
{
    private const ulong Sie = 1 << 1;
    private const ulong Mie = 1 << 3;
    private const ulong Spie = 1 << 5;
    private const ulong Mpie = 1 << 7;
    private const ulong Spp = 1 << 8;
    private const ulong Supervisor = 1 << 11;
    private const ulong Mprv = 1 << 17;
    private const ulong Sum = 1 << 18;
    private const ulong Mxr = 1 << 19;
    private const ulong Tvm = 1 << 20;
    private const ulong Tw = 1 << 21;
    private const ulong Tsr = 1 << 22;
    private const ulong Mpv = 1UL << 39;
    private const ulong SatpSv39 = (8UL << 60) | 0x80123;
    private const ulong Pc = 0x8020_1234;
    private const ulong Vector = 0x8020_8000;

    private static readonly uint[] s_csrs = [Csr.Sie, Csr.Stvec, Csr.Sscratch, Csr.Sepc, Csr.Scause, Csr.Stval, Csr.Scounteren, Csr.Senvcfg];

    private readonly TestMmuState _mmu = new();
    private TestHart _hart = new();
    private TestHost _host;
    private TestMmu _tables;
    private VCpu _v;

    private static ResidentMode<TestHost> Mode => default;

    [SetUp]
    public void Load()
    {
        _hart = new TestHart { Mstatus = Tvm | Tw | Supervisor };
        _host = new TestHost(_hart);
        _tables = new TestMmu(_mmu);
        _v = default;
        Mode.Reset(ref _host, ref _v);
        _v.Reset(Pc, 0);
        Mode.Load(ref _host, ref _v, ref _tables, HartUnits.None);
        _hart.Supervisor[Csr.Stvec] = Vector | 1;
        _mmu.Calls.Clear();
    }

    [TestCase(0UL, "User sum=False mxr=False")]
    [TestCase(Supervisor, "Supervisor sum=False mxr=False")]
    [TestCase(Supervisor | Sum, "Supervisor sum=True mxr=False")]
    [TestCase(Supervisor | Mxr, "Supervisor sum=False mxr=True")]
    public void ATrapTellsTheMmuHowTheGuestAccessesMemory(ulong status, string view)
    {
        _hart.Mstatus = status;
        Assert.That(Mode.Arrive(ref _host, ref _v, ref _tables, 13), Is.EqualTo(13));
        Assert.That(_mmu.Calls, Is.EqualTo(["activate 0 " + view]));
        Assert.That(Mode.Privilege(ref _host, _v), Is.EqualTo(status == 0 ? PrivilegeMode.User : PrivilegeMode.Supervisor));
    }

    [TestCase(0x0005a503u, 0UL, 0xffffffff89abcdefUL, 4UL, TestName = "resident: lw a0, (a1)")]
    [TestCase(0x0045c503u, 4UL, 0xefUL, 4UL, TestName = "resident: lbu a0, 4(a1)")]
    [TestCase(0x000041c8u, 4UL, 0xffffffff89abcdefUL, 2UL, TestName = "resident: c.lw a0, 4(a1)")]
    public void ALoadThatDriversMakeIsCarriedOutAtOnce(uint instruction, ulong offset, ulong expected, ulong length)
    {
        _hart.Code[Pc] = instruction;
        _v.X[11] = 0x5000_0000 - offset;
        var devices = new TestBusState { Quick = true, Value = 0x0123_4567_89ab_cdef };
        var bus = new TestBus(devices);
        Assert.That(Mode.TryReadDeviceQuickly(ref _host, ref _v, ref bus, 0x5000_0000, 0x1000), Is.True);
        Assert.That((_v.X[10], _v.Pc, _v.Counters.Mmio), Is.EqualTo((expected, Pc + length, 1UL)));
        Assert.That(devices.Calls, Has.Count.EqualTo(1));
    }

    [TestCase(0x0005b507u, TestName = "resident: fld fa0, (a1)")]
    [TestCase(0x0045a503u, TestName = "resident: another address")]
    [TestCase(null, TestName = "resident: what cannot be read")]
    public void OtherLoadsFromDevicesAreLeftToTheRest(uint? instruction)
    {
        if (instruction is { } bits)
        {
            _hart.Code[Pc] = bits;
        }

        _v.X[11] = 0x5000_0000;
        var devices = new TestBusState { Quick = true };
        var bus = new TestBus(devices);
        Assert.That(Mode.TryReadDeviceQuickly(ref _host, ref _v, ref bus, 0x5000_0000, 0x1000), Is.False);
        Assert.That((_v.X[10], _v.Pc, _v.Counters.Mmio), Is.EqualTo((0UL, Pc, 0UL)));
        Assert.That(devices.Calls, Is.Empty);
    }

    [Test]
    public void WhatComesOutOfAVirtualMachineEndsTheGuestWhateverItIs([Values(2UL, 9UL, 13UL, (1UL << 63) | 7)] ulong cause)
    {
        _hart.Mstatus |= Mpv;
        Assert.That(Mode.Classify(_v, Mode.Arrive(ref _host, ref _v, ref _tables, cause)), Is.EqualTo(TrapKind.Forbidden));
        Assert.That(_hart.Mstatus & Mpv, Is.Zero, "no mret goes back there");
    }

    [Test]
    public void EachCauseIsWhatMachineModeHasItFor()
    {
        ulong[] illegal = [2];
        ulong[] faults = [12, 13, 15];
        ulong[] own = [0, 3, 4, 6];
        ulong[] forbidden = [1, 5, 7, 10, 20, 21, 22, 23];
        ulong[] unknown = [11, 14, 24, (1UL << 63) | 5];
        (TrapKind Kind, ulong[] Causes)[] expected =
        [
            (TrapKind.Instruction, illegal), (TrapKind.Call, [9]), (TrapKind.UserCall, [8]), (TrapKind.PageFault, faults), (TrapKind.Exception, own),
            (TrapKind.Forbidden, forbidden), (TrapKind.Unknown, unknown), (TrapKind.SoftwareInterrupt, [(1UL << 63) | 3]),
            (TrapKind.TimerInterrupt, [(1UL << 63) | 7]), (TrapKind.ExternalInterrupt, [(1UL << 63) | 11]),
        ];
        Assert.Multiple(() =>
        {
            foreach (var (kind, causes) in expected)
            {
                Assert.That(causes.Select(cause => Mode.Classify(_v, cause)), Is.All.EqualTo(kind));
            }

            Assert.That(faults.Select(Mode.AccessOf), Is.EqualTo([AccessKind.Fetch, AccessKind.Load, AccessKind.Store]));
        });
    }

    [TestCase(0UL, Sie, Supervisor | Spie, false)]
    [TestCase(Supervisor, Sie, Supervisor | Spie | Spp, false)]
    [TestCase(Supervisor, Spie, Supervisor | Spp, false)]
    [TestCase(0UL, Sie, Supervisor | Spie, true)]
    [TestCase(Supervisor, Sie, Supervisor | Spie | Spp, true)]
    [TestCase(Supervisor, Spie, Supervisor | Spp, true)]
    public void TheGuestTakesAnExceptionAsItsHartWouldGiveIt(ulong from, ulong before, ulong after, bool quickly)
    {
        _hart.Mstatus = Tvm | Tw | from | before | Sum;
        Mode.Arrive(ref _host, ref _v, ref _tables, 13);
        if (quickly)
        {
            Assert.That(Mode.TryReflectQuickly(ref _host, ref _v, 13, 0x4000_0008));
        }
        else
        {
            Mode.Inject(ref _host, ref _v, 13, 0x4000_0008);
        }

        Assert.Multiple(() =>
        {
            Assert.That(_hart.Mstatus, Is.EqualTo(Tvm | Tw | after | Sum));
            Assert.That((_hart.Supervisor[Csr.Sepc], _hart.Supervisor[Csr.Scause], _hart.Supervisor[Csr.Stval]), Is.EqualTo((Pc, 13UL, 0x4000_0008UL)));
            Assert.That(_v.Pc, Is.EqualTo(Vector), "an exception is not vectored");
            Assert.That(Mode.Privilege(ref _host, _v), Is.EqualTo(PrivilegeMode.Supervisor));
            Assert.That(_v.Counters.Exceptions, Is.EqualTo(1));
        });
    }

    // csrw satp, a0; csrrs a1, satp, x0; csrrc a1, satp, a0; csrrwi a1, satp, 0
    [TestCase(0x18051073u, SatpSv39, 0UL, SatpSv39)]
    [TestCase(0x180025f3u, SatpSv39, 0UL, 0UL)]
    [TestCase(0x180535f3u, 0UL, 0UL, 0UL)]
    [TestCase(0x180055f3u, 7UL, 0UL, 0UL)]
    public void SatpIsWrittenInTheGuestsPlace(uint instruction, ulong operand, ulong before, ulong after)
    {
        _v.X[10] = operand;
        Assert.That(Mode.Emulate(ref _host, ref _v, ref _tables, instruction), Is.EqualTo(TrapOutcome.Advance));
        Assert.That(Mode.Read(ref _host, _v, Csr.Satp), Is.EqualTo(after));
        Assert.That(_v.X[11], Is.EqualTo(before));
        Mode.Settle(ref _host, ref _v, ref _tables);
        Assert.That(_mmu.Calls, Is.EqualTo(after == 0 && instruction == 0x180025f3u ? [] : new[] { $"activate {after:x} Supervisor sum=False mxr=False" }).Or.Empty);
    }

    [Test]
    public void AModeThatThereIsNotLeavesSatpAsItWas()
    {
        _v.X[10] = 10UL << 60;
        Assert.That(Mode.Emulate(ref _host, ref _v, ref _tables, 0x18051073), Is.EqualTo(TrapOutcome.Advance));
        Assert.That(Mode.Read(ref _host, _v, Csr.Satp), Is.Zero);
    }

    // sfence.vma x0, x0; a0, x0; x0, a1; a0, a1
    [TestCase(0x12000073u, "fence", true)]
    [TestCase(0x12050073u, "fence page 4000", false)]
    [TestCase(0x12b00073u, "fence asid 5", true)]
    [TestCase(0x12b50073u, "fence page 4000 asid 5", false)]
    public void FencesAreMadeInTheGuestsPlace(uint instruction, string call, bool forgets)
    {
        (_v.X[10], _v.X[11]) = (0x4000, 5);
        Assert.That(Mode.Emulate(ref _host, ref _v, ref _tables, instruction), Is.EqualTo(TrapOutcome.Advance));
        Mode.Settle(ref _host, ref _v, ref _tables);
        Assert.That(_mmu.Calls, Is.EqualTo(forgets ? [call, "activate 0 Supervisor sum=False mxr=False"] : new[] { call }));
    }

    [Test]
    public void TheFenceOfAPageIsQuick()
    {
        _v.X[10] = 0x4000;
        var instruction = 0x12050073u;
        Assert.That(Mode.EmulateQuickly(ref _host, ref _v, ref _tables, ref instruction), Is.EqualTo(QuickOutcome.Done));
        Assert.That((_mmu.Calls.Single(), _v.Pc), Is.EqualTo(("fence page 4000", Pc + 4)));
        foreach (var other in new[] { 0x12000073u, 0x12b50073u, 0x12b00073u, 0x10500073u, 0u })
        {
            instruction = other;
            Assert.That(Mode.EmulateQuickly(ref _host, ref _v, ref _tables, ref instruction), Is.EqualTo(QuickOutcome.Other));
        }
    }

    // Also sinval.vma, stimecmp, a write of time, hgatp.
    [Test]
    public void WhatTheGuestIsNotGivenIsIllegal([Values(0x16000073u, 0x14d51073u, 0xc0151073u, 0x68051073u, 0x30200073u)] uint instruction)
    {
        Assert.That(Mode.Emulate(ref _host, ref _v, ref _tables, instruction), Is.EqualTo(TrapOutcome.Reflect));
        Assert.That((_v.ReflectCause, _v.ReflectValue), Is.EqualTo((2UL, (ulong)instruction)));
    }

    [Test]
    public void UserModeHasNoneOfIt([Values(0x12000073u, 0x12050073u, 0x18051073u, 0x10500073u)] uint instruction)
    {
        _hart.Mstatus = Tvm;
        Mode.Arrive(ref _host, ref _v, ref _tables, 2);
        var same = instruction;
        Assert.That(Mode.EmulateQuickly(ref _host, ref _v, ref _tables, ref same), Is.EqualTo(QuickOutcome.Other));
        Assert.That(Mode.Emulate(ref _host, ref _v, ref _tables, instruction), Is.EqualTo(TrapOutcome.Reflect));
    }

    /// <summary>Of a hart that has no such CSR.</summary>
    [Test]
    public void TheTimeIsReadInTheGuestsPlace()
    {
        Assert.That(Mode.Emulate(ref _host, ref _v, ref _tables, 0xc01025f3), Is.EqualTo(TrapOutcome.Advance));
        Assert.That(_v.X[11], Is.EqualTo(_hart.Time));
    }

    [Test]
    public void AWaitEndsByWhatIsPendingAndEnabled([Values] bool pending, [Values] bool enabled)
    {
        Mode.SetPending(ref _host, ref _v, Interrupts.Timer, pending);
        _hart.Supervisor[Csr.Sie] = enabled ? Interrupts.All : Interrupts.Software;
        Assert.That(Mode.Emulate(ref _host, ref _v, ref _tables, 0x10500073), Is.EqualTo(pending && enabled ? TrapOutcome.Resume : TrapOutcome.Idle));
        Assert.That(_v.Pc, Is.EqualTo(Pc + 4));
    }

    [Test]
    public void AllThatAHartHoldsOfItsGuestGoesToTheNextHart()
    {
        foreach (var csr in s_csrs)
        {
            _hart.Supervisor[csr] = 0x1000UL + csr;
        }

        Mode.SetPending(ref _host, ref _v, Interrupts.Software | Interrupts.External, pending: true);
        _hart.Mstatus = Tvm | Tw | Sum | Spp | Spie | (2 << 13);
        Mode.Arrive(ref _host, ref _v, ref _tables, 13);
        Mode.Save(ref _host, ref _v, HartUnits.None);
        Mode.LetGo(ref _host, ref _v);
        Assert.That((_hart.Supervisor[Csr.Sie], _hart.Supervisor[Csr.Sip]), Is.EqualTo((0UL, 0UL)), "nothing ends the hart's own waits");
        Assert.That(s_csrs.Select(csr => Mode.Read(ref _host, _v, csr)), Is.EqualTo(s_csrs.Select(csr => 0x1000UL + csr)), "while it is put down");
        Assert.That(Mode.ParkedSstatus(_v), Is.EqualTo(Sum | Spp | Spie | (2 << 13) | (2UL << 32)));

        // What comes for it meanwhile changes no hart.
        Mode.SetPending(ref _host, ref _v, Interrupts.External, pending: false);
        Mode.SetPending(ref _host, ref _v, Interrupts.Timer, pending: true);
        Assert.That(Mode.Pending(ref _host, _v), Is.EqualTo(Interrupts.Software | Interrupts.Timer));
        var next = new TestHart { Mstatus = ulong.MaxValue };
        next.Supervisor[Csr.Sip] = Interrupts.All;
        var host = new TestHost(next);
        Mode.Load(ref host, ref _v, ref _tables, HartUnits.None);
        Assert.Multiple(() =>
        {
            Assert.That(s_csrs.Select(csr => next.Supervisor[csr]), Is.EqualTo(s_csrs.Select(csr => 0x1000UL + csr)));
            Assert.That(next.Supervisor[Csr.Sip], Is.EqualTo(Interrupts.Software | Interrupts.Timer));
            Assert.That(next.Mstatus & (Sum | Spp | Spie | (3 << 13)), Is.EqualTo(Sum | Spp | Spie | (2 << 13)));
            Assert.That(next.Mstatus & (Sie | Mxr | (3 << 9)), Is.Zero, "of the one that was there");
            Assert.That(next.Mstatus & (Tvm | Tw), Is.EqualTo(Tvm | Tw));
            Assert.That(next.Mstatus & (Mie | Mpie | Mprv | Tsr | Mpv | (3 << 11)), Is.Zero, "it goes on in U-mode");
            Assert.That(Mode.Read(ref host, _v, Csr.Stvec), Is.EqualTo(0x1000UL + Csr.Stvec));
        });
    }

    /// <summary>By a suspend that ends as a start does.</summary>
    [Test]
    public void ARestartLeavesTranslationAndInterruptsOff()
    {
        _hart.Mstatus |= Sie;
        _v.X[10] = SatpSv39;
        Mode.Emulate(ref _host, ref _v, ref _tables, 0x18051073);
        Mode.Restart(ref _host, ref _v);
        Mode.Settle(ref _host, ref _v, ref _tables);
        Assert.That((Mode.Read(ref _host, _v, Csr.Satp), _hart.Mstatus), Is.EqualTo((0UL, Tvm | Tw | Supervisor | (1UL << 13))));
        Assert.That(_mmu.Calls, Is.EqualTo(["activate 0 Supervisor sum=False mxr=False"]));
    }

    /// <summary>Whatever firmware left.</summary>
    [Test]
    public void AHartIsMadeReadyWhole()
    {
        _hart.Mstatus = ulong.MaxValue;
        _hart.Sstatus = 1 << 13;
        _hart.Supervisor[Csr.Sie] = _hart.Supervisor[Csr.Sip] = Interrupts.All;
        Assert.That(Mode.Open(ref _host), Is.EqualTo(HartUnits.FloatingPoint));
        Assert.That(_hart.Mstatus & (Sie | Mie | Mprv | Sum | Mxr | Tsr | Mpv), Is.Zero);
        Assert.That(_hart.Mstatus & (Tvm | Tw | Supervisor), Is.EqualTo(Tvm | Tw | Supervisor));
        Assert.That((_hart.Supervisor[Csr.Sie], _hart.Supervisor[Csr.Sip]), Is.EqualTo((0UL, 0UL)));
    }

    [Test]
    public void ACopyGoesOnWhereTheOtherIs()
    {
        _hart.Supervisor[Csr.Sscratch] = 77;
        _v.X[10] = SatpSv39;
        Mode.Emulate(ref _host, ref _v, ref _tables, 0x18051073);
        Mode.Save(ref _host, ref _v, HartUnits.None);
        Mode.LetGo(ref _host, ref _v);
        var copy = default(VCpu);
        Mode.Copy(ref copy, _v);
        Assert.That((Mode.Read(ref _host, copy, Csr.Sscratch), Mode.Read(ref _host, copy, Csr.Satp)), Is.EqualTo((77UL, SatpSv39)));
    }
}
