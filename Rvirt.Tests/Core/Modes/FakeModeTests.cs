using System;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Modes;

/// <summary>
/// Trap handling, SBI, timers, interrupts and devices with another way to run a guest: whatever they want to know of the guest's CSRs they ask
/// <see cref="IExecutionMode{THost}"/>, so that a virtual hart's own room for them is not even looked at.
/// </summary>
public sealed unsafe class FakeModeTests
{
    private const ulong Entry = TrapMachine.Entry;

    private const ulong Base = 0x10;

    private const ulong Time = 0x54494d45;

    private const ulong Ipi = 0x735049;

    private const ulong Rfence = 0x52464e43;

    private const ulong Hsm = 0x48534d;

    private const ulong LegacySetTimer = 0;

    private const ulong LegacyClearIpi = 3;

    private readonly TestHart _hart = new();

    private readonly TestMmuState _mmu = new();

    private readonly TestBusState _bus = new();

    private readonly FakeModeState _state = new();

    private VCpu* _vcpu;

    private byte* _ram;

    private TestHost _host;

    private TestBus _devices;

    private TrapOutcome _outcome;

    [SetUp]
    public void Start()
    {
        _host = new TestHost(_hart);
        _devices = new TestBus(_bus);
        // SAFETY: both blocks live until Free.
        _vcpu = (VCpu*)NativeMemory.AllocZeroed((nuint)sizeof(VCpu));
        _ram = (byte*)NativeMemory.AllocZeroed(TrapMachine.RamSize);
        _vcpu->GuestHarts = 1;
        _vcpu->Memory = new GuestMemory(TrapMachine.RamBase, TrapMachine.RamSize, TrapMachine.RamBase, _ram);
        _vcpu->Reset(Entry, 0);
        Mode.Reset(ref _host, ref *_vcpu);
        _state.Calls.Clear();
        _mmu.Calls.Clear();
        _bus.Calls.Clear();
        Room.Fill(0xa5);
    }

    [TearDown]
    public void Free()
    {
        var untouched = Room.IndexOfAnyExcept((byte)0xa5) < 0;
        NativeMemory.Free(_vcpu);
        NativeMemory.Free(_ram);
        Assert.That(untouched, Is.True, "the other mode's room was written to");
    }

    private FakeMode Mode => new(_state);

    private Span<byte> Room => MemoryMarshal.AsBytes(new Span<GuestCsrs>(ref _vcpu->Csrs));

    private TrapOutcome Trap(ulong cause, ulong value = 0)
    {
        _outcome = TrapOutcome.Resume;
        TrapDispatch<Context, FakeMode, TestHost, TestMmu, TestBus>.Handle(new Context(this), cause, value);
        return _outcome;
    }

    private TrapOutcome Call(ulong extension, ulong function, params ReadOnlySpan<ulong> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            _vcpu->X[10 + i] = arguments[i];
        }

        _vcpu->X[16] = function;
        _vcpu->X[17] = extension;
        return Trap(FakeMode.CallCause);
    }

    [Test]
    public void ACallArrivesByTheModesOwnNumberAndIsAnswered()
    {
        Assert.That(Call(Base, 0), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((_vcpu->X[10], _vcpu->X[11], _vcpu->Pc), Is.EqualTo((0UL, 2UL << 24, Entry + 4)));
    }

    [Test]
    public void TheNumberOfAnotherModesCallIsUnknown()
    {
        Assert.That(Trap((ulong)ExceptionCause.EnvironmentCallFromUser), Is.EqualTo(TrapOutcome.HostBug));
        Assert.That(Trap((1UL << 63) | 5), Is.EqualTo(TrapOutcome.HostBug));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void SettingTheTimerTakesItsInterruptBackUntilTheHostsTimerRings(bool legacy)
    {
        _state.Pending = Interrupts.Timer | Interrupts.Software;
        Call(legacy ? LegacySetTimer : Time, 0, _hart.Time + 100);
        Assert.That((_state.Pending, _hart.Timer), Is.EqualTo((Interrupts.Software, _hart.Time + 100)));
        _hart.Time += 100;
        Assert.That(Trap(FakeMode.TimerCause), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(_state.Pending, Is.EqualTo(Interrupts.Timer | Interrupts.Software));
    }

    [Test]
    public void ATimerWhoseTimeHasComeInterruptsTheGuestAtOnce()
    {
        _state.Enabled = Interrupts.Timer;
        _state.TakesInterrupts = true;
        Call(Time, 0, _hart.Time);
        Assert.That((_state.Pending, _vcpu->Pc), Is.EqualTo((Interrupts.Timer, FakeMode.Handler)));
    }

    [Test]
    public void AHartInterruptsItselfAndClearsThat()
    {
        Call(Ipi, 0, 1, 0);
        Assert.That(_state.Pending, Is.EqualTo(Interrupts.Software));
        Call(LegacyClearIpi, 0);
        Assert.That((_state.Pending, _vcpu->X[10]), Is.EqualTo((0UL, 1UL)));
    }

    [Test]
    public void AnotherHartsRequestBecomesTheGuestsInterrupt()
    {
        _vcpu->Requests = (int)HartRequest.Interrupt;
        _hart.Sip = Interrupts.Software;
        ServeHarts();
        Assert.That((_state.Pending, _vcpu->Requests), Is.EqualTo((Interrupts.Software, 0)));
    }

    private void ServeHarts()
    {
        Assert.That(Trap(FakeMode.SoftwareCause), Is.EqualTo(TrapOutcome.HartInterrupt));
        var mmu = new TestMmu(_mmu);
        HostInterrupt.ServeHarts(Mode, ref _host, ref *_vcpu, ref mmu, ref _devices);
    }

    [Test]
    public void ADevicesInterruptComesAndGoesWithItsLine()
    {
        Assert.That(Trap(FakeMode.ExternalCause), Is.EqualTo(TrapOutcome.DeviceInterrupt));
        _bus.External = true;
        HostInterrupt.FollowDevices(Mode, ref _host, ref *_vcpu, ref _devices);
        Assert.That(_state.Pending, Is.EqualTo(Interrupts.External));
        _bus.External = false;
        _vcpu->Requests = (int)HartRequest.External;
        ServeHarts();
        Assert.That(_state.Pending, Is.Zero);
    }

    [Test]
    public void ASuspendedHartWakesByWhatItsModeSays()
    {
        _state.Enabled = Interrupts.Timer;
        Assert.That(Call(Hsm, 3, 0x8000_0000, TrapMachine.RamBase, 7), Is.EqualTo(TrapOutcome.Idle));
        Assert.That((_vcpu->Pc, _vcpu->X[11], _vcpu->State), Is.EqualTo((TrapMachine.RamBase, 7UL, HartState.Suspended)));
        Assert.That(_state.Calls, Is.EqualTo(["restart"]));
        Assert.That(HartWait.TryEnd(Mode, ref _host, ref *_vcpu), Is.False);
        HostInterrupt.ServeTimer(Mode, ref _host, ref *_vcpu, ref _devices);
        Assert.That(HartWait.TryEnd(Mode, ref _host, ref *_vcpu));
        Assert.That((_state.Pending, _vcpu->State), Is.EqualTo((Interrupts.Timer, HartState.Started)));
    }

    [Test]
    public void AFenceThatDropsTheViewIsToldToTheMode()
    {
        Call(Rfence, 1, 1, 0, 0, ulong.MaxValue);
        Assert.That(_state.Calls, Is.EqualTo(["forget translation"]));
        Assert.That(_mmu.Calls, Is.EqualTo(["fence"]));
    }

    [Test]
    public void AnInstructionIsEmulatedByTheMode()
    {
        Assert.That(Trap(FakeMode.InstructionCause, 0x1234_5673), Is.EqualTo(TrapOutcome.Resume));
        Assert.That(_state.Calls, Is.EqualTo(["emulate 12345673"]));
        Assert.That(_vcpu->Pc, Is.EqualTo(Entry + 4));
    }

    [Test]
    public void ExceptionsAreGivenToTheGuestByTheMode()
    {
        Trap(FakeMode.BreakpointCause, 0x55);
        _mmu.Answer = FaultResolution.GuestPageFault;
        Trap(FakeMode.LoadFaultCause, 0x7000);
        Assert.That(_state.Calls, Is.EqualTo(["inject 3 55", "inject d 7000"]));
        Assert.That(_vcpu->Pc, Is.EqualTo(FakeMode.Handler));
    }

    /// <summary>The hart has no instruction to read there: the mode has.</summary>
    [Test]
    public void ADevicesInstructionIsReadByTheMode()
    {
        _state.Instruction = 0x0005a503; // lw a0, 0(a1)
        _vcpu->X[11] = 0x7000;
        _mmu.Answer = FaultResolution.NotMemory;
        _mmu.GuestAddress = 0x1000_0000;
        _bus.Value = 0x8765_4321;
        Assert.That(Trap(FakeMode.LoadFaultCause, 0x7000), Is.EqualTo(TrapOutcome.Resume));
        Assert.That((_vcpu->X[10], _vcpu->Pc), Is.EqualTo((0xffff_ffff_8765_4321, Entry + 4)));
    }

    /// <summary>The hart's registers hold something else: where the guest's are, the mode knows.</summary>
    [Test]
    public void FloatingPointRegistersThatADeviceGivesAndTakesAreTheModes()
    {
        Array.Fill(_hart.FloatingPoint, 7UL);
        _vcpu->X[11] = 0x7000;
        _mmu.Answer = FaultResolution.NotMemory;
        _mmu.GuestAddress = 0x1000_0000;
        _bus.Value = 0x8765_4321;
        var before = _hart.Sstatus;
        _state.Instruction = 0x0005_a507; // flw fa0, 0(a1)
        Trap(FakeMode.LoadFaultCause, 0x7000);
        Assert.That(_state.FloatingPoint[10], Is.EqualTo(0xffff_ffff_8765_4321));
        _bus.Calls.Clear();
        _state.FloatingPoint[12] = 0x1122_3344_5566_7788;
        _state.Instruction = 0x00c5_b027; // fsd fa2, 0(a1)
        Trap(FakeMode.LoadFaultCause, 0x7000);
        Assert.That(_bus.Calls, Is.EqualTo(["write 10000000 8 1122334455667788"]));
        Assert.That(_hart.FloatingPoint, Is.All.EqualTo(7));
        Assert.That(_hart.Sstatus, Is.EqualTo(before));
    }

    private readonly struct Context(FakeModeTests machine) : ITrapContext<FakeMode, TestHost, TestMmu, TestBus>
    {
        public FakeMode Mode => machine.Mode;

        public ref TestHost Host => ref machine._host;

        public ref VCpu VirtualHart => ref *machine._vcpu;

        public TestMmu Mmu => new(machine._mmu);

        public ref TestBus Bus => ref machine._devices;

        public ref VCpu Leave(TrapOutcome outcome, ulong cause, ulong value)
        {
            machine._outcome = outcome;
            return ref *machine._vcpu;
        }
    }
}
