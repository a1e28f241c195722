using System;
using System.Collections.Generic;
using System.Text;
using Moq;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.Network;
using Rvirt.Devices.Virtio;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Monitor;
using Rvirt.Mmu;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Hypervisor.Monitor;

/// <summary>A monitor over a machine that is made up: two guests on four harts, of which one has ended.</summary>
internal sealed class MonitorWorld
{
    private readonly List<byte> _output = [];
    private readonly Dictionary<ulong, ulong> _memory = new()
    {
        // Root, a table below it, and one below that (Sv39); the last entry of the root is none.
        [0x81a0_6ff0] = 0x206a_8c01,
        [0x81aa_3000] = 0x2000_00ef,
        [0x81aa_3008] = 0x206a_9001,
        [0x81aa_4028] = 0x2010_04d7,
        [0x81aa_3010] = 0x2000_04ef,
        [0x81a0_6000] = 0xffff_ffff_ffff_fc01,
    };

    private MonitorSession _session;

    public MonitorWorld()
    {
        View = new Mock<IMachineView>(MockBehavior.Strict);
        View.Setup(view => view.GuestCount).Returns(2);
        View.Setup(view => view.CoreCount).Returns(4);
        View.Setup(view => view.TimeFrequency).Returns(10_000_000);
        View.Setup(view => view.Time).Returns(7_540_000_000);
        View.Setup(view => view.Guest(0)).Returns(new GuestFacts
        {
            Name = new ShortText("web"u8),
            State = GuestState.Running,
            Share = 100,
            Harts = 2,
            MemoryBase = 0x8000_0000,
            Memory = 512 << 20,
            Starts = 1,
            StartedAt = 10_000_000,
            CountedFrom = 10_000_000,
        });
        View.Setup(view => view.Guest(1)).Returns(new GuestFacts
        {
            Name = new ShortText("web.test"u8),
            State = GuestState.Stopped,
            Reason = StopReason.Failure,
            FailureCode = 3,
            Harts = 1,
            MemoryBase = 0x8000_0000,
            Memory = 1 << 30,
            Starts = 12,
            StartedAt = 7_130_000_000,
            CountedFrom = 7_535_000_000,
        });
        View.Setup(view => view.Counters(0, 0)).Returns(new TrapCounters
        {
            Emulated = 83_026_614,
            SbiCalls = 212_010,
            PageFaults = 1_934_555,
            Mmio = 55_021,
            Exceptions = 1_200_300,
            Interrupts = 310_999,
            HostInterrupts = 412_345,
            TimersSet = 190_000,
        });
        View.Setup(view => view.Counters(0, 1)).Returns(new TrapCounters { Emulated = 9_000_000, SbiCalls = 1, PageFaults = 20, Mmio = 0, Exceptions = 300, Interrupts = 4000, HostInterrupts = 50_000 });
        View.Setup(view => view.Counters(1, 0)).Returns(new TrapCounters { Emulated = 17 });
        View.Setup(view => view.Hart(0, 0)).Returns(new HartFacts { Run = RunState.Loaded, Core = 2, State = HartState.Started, Mode = PrivilegeMode.Supervisor, Pc = 0xffff_ffff_80a6_943e });
        View.Setup(view => view.Hart(0, 1)).Returns(new HartFacts { Run = RunState.Blocked, Core = 1, State = HartState.Suspended, Mode = PrivilegeMode.User, Pc = 0x3f_8000_1234 });
        View.Setup(view => view.Hart(1, 0)).Returns(new HartFacts { Core = -1, State = HartState.Stopped, Mode = PrivilegeMode.Supervisor });
        var ready = 170_000UL;
        View.Setup(view => view.RunTicks(0, 0, out ready)).Returns(7_000_000_000);
        var none = 0UL;
        View.Setup(view => view.RunTicks(0, 1, out none)).Returns(5_981_720_000);
        View.Setup(view => view.RunTicks(1, 0, out none)).Returns(0);
        View.Setup(view => view.TryAsk(It.IsAny<int>(), It.IsAny<LifeRequest>())).Returns<int, LifeRequest>((guest, request) => Facts(guest).State.Takes(request));
        View.Setup(view => view.ChangeBreakpoint(It.IsAny<int>(), It.IsAny<ulong>(), It.IsAny<bool>())).Returns<int, ulong, bool>(ChangeBreakpoint);
        View.Setup(view => view.SetShare(It.IsAny<int>(), It.IsAny<uint>()));
        View.Setup(view => view.TryShadow(It.IsAny<int>(), It.IsAny<int>(), It.IsAny<ulong>(), out It.Ref<ShadowLook>.IsAny)).Returns(new LookUp(ReadShadow));
        View.Setup(view => view.Core(0)).Returns(new CoreFacts { HartId = 0, Guest = -1 });
        View.Setup(view => view.Core(1)).Returns(new CoreFacts { HartId = 1, Guest = 0, Hart = 1, Waits = true, Loads = 3 });
        View.Setup(view => view.Core(2)).Returns(new CoreFacts { HartId = 2, Guest = 0, Hart = 0, Loads = 1 });
        View.Setup(view => view.Core(3)).Returns(new CoreFacts { HartId = 31, Guest = -1, Loads = 1 });
        var report = new HartReport
        {
            Pc = 0xffff_ffff_80a6_943e,
            Mode = PrivilegeMode.Supervisor,
            Sstatus = 0x2_0000_2120,
            Satp = 0x8000_0000_0008_1a06,
            Stvec = 0xffff_ffff_80a5_e9b8,
            Scause = 8,
            Sepc = 0x3f_8000_1234,
            Sie = 0x222,
            Sip = 0x20,
            Sscratch = 0xff20_0000_0062_c000,
        };
        for (var n = 1; n < GeneralRegisters.Count; n++)
        {
            report.X[n] = 0xffff_ffff_8000_0000 + (ulong)(n * 0x1001);
        }

        View.Setup(view => view.TryReport(0, 0, out report)).Returns(true);
        var bare = new HartReport { Pc = 0x8020_0000, Mode = PrivilegeMode.Supervisor, Waits = true };
        View.Setup(view => view.TryReport(1, 0, out bare)).Returns(true);
        var silent = default(HartReport);
        View.Setup(view => view.TryReport(0, 1, out silent)).Returns(false);
        View.Setup(view => view.Shadow(0, 0)).Returns(new ShadowFacts
        {
            Use = new ShadowUse { Tables = 2048, LiveTables = 78, Roots = 32, LiveRoots = 6 },
            Counters = new ShadowCounters
            {
                Fills = 52_001,
                Refills = 61_990,
                Prefetched = 310_000,
                Spurious = 12,
                FencesPage = 113_600,
                FencesAsid = 123,
                FencesAll = 16,
                SpacesMade = 138,
                RootsMade = 12,
                TablesMade = 5120,
                Exhaustions = 1,
                Switches = 990_012,
            },
        });
        View.Setup(view => view.SlotCount(0)).Returns(8);
        View.Setup(view => view.Slot(0, It.IsAny<int>())).Returns(default(SlotFacts));
        View.Setup(view => view.Slot(0, 0)).Returns(new SlotFacts
        {
            Kind = 2,
            Address = 0x1000_1000,
            Interrupt = 1,
            HostAddress = 0x1000_8000,
            Counters = new VirtioCounters { GuestNotifications = 24_010, HostInterrupts = 23_999, GuestInterrupts = 20_001 },
        });
        View.Setup(view => view.Slot(0, 1)).Returns(new SlotFacts
        {
            Kind = 1,
            Address = 0x1000_2000,
            Interrupt = 2,
            IsPort = true,
            Port = 1,
            Mac = 0x0276_7200_5452,
            Frames = new PortCounters { Sent = 120, Received = 98, Refused = 1, Dropped = 3 },
            Counters = new VirtioCounters { GuestNotifications = 120, HostInterrupts = 98, GuestInterrupts = 210 },
        });
        View.Setup(view => view.Slot(0, 5)).Returns(new SlotFacts { Kind = 19, Address = 0x1000_6000, Interrupt = 6, Counters = new VirtioCounters { Faults = 1 } });
        View.Setup(view => view.TryReadMemory(It.IsAny<int>(), It.IsAny<ulong>(), out It.Ref<ulong>.IsAny)).Returns(new Look(ReadMemory));
        View.Setup(view => view.TryHostAddress(It.IsAny<int>(), It.IsAny<ulong>(), out It.Ref<ulong>.IsAny)).Returns(new Look(HostAddress));
        View.SetupProperty(view => view.Escape, 0x1d);
        View.Setup(view => view.SetFocus(It.IsAny<int>()));
        View.Setup(view => view.ShowAll());
        View.Setup(view => view.EndMachine());
        Copies(CopyKind.Snapshot, 0, 0, new(CopyOutcome.Done));
        Copies(CopyKind.Snapshot, 1, 1, new(CopyOutcome.Disk, 3));
        Copies(CopyKind.Revert, 0, 0, new(CopyOutcome.Done));
        Copies(CopyKind.Clone, 0, 1, new(CopyOutcome.Done));
        Copies(CopyKind.Clone, 1, 0, new(CopyOutcome.NotRunning));
        View.Setup(view => view.SetTracing(It.IsAny<bool>()));
        View.Setup(view => view.CopyTrace(It.IsAny<int>())).Returns<int>(core => core == 2 ? 1003UL : 0);
        View.Setup(view => view.TryTrace(It.IsAny<ulong>(), out It.Ref<TraceRecord>.IsAny)).Returns(new LookBack(ReadTrace));
        View.Setup(view => view.ForgetCounters(It.IsAny<int>()));
    }

    private delegate bool LookUp(int guest, int hart, ulong address, out ShadowLook look);

    private delegate bool LookBack(ulong number, out TraceRecord record);

    private delegate bool Look(int guest, ulong address, out ulong value);

    /// <summary>The machine.</summary>
    public Mock<IMachineView> View { get; }

    /// <summary>What comes of a copy that is asked for.</summary>
    public void Copies(CopyKind kind, int guest, int target, CopyAnswer answer) => View.Setup(view => view.TryCopy(kind, guest, target, true, out answer)).Returns(true);

    /// <summary>Whether the monitor has to be called again.</summary>
    public bool HasMore => _session.HasMore;

    /// <summary>What it has said, not read yet.</summary>
    public string Output
    {
        get
        {
            var text = Encoding.Latin1.GetString([.. _output]);
            _output.Clear();
            return text;
        }
    }

    public void Show() => _session.Show(Writer());

    public void Continue()
    {
        var view = new MockedView(View.Object);
        _session.Continue(ref view, Writer());
    }

    /// <summary>Types, and lets nothing go on by itself.</summary>
    public string TypeOnly(string text)
    {
        var view = new MockedView(View.Object);
        foreach (var value in Encoding.Latin1.GetBytes(text))
        {
            _session.Take(ref view, Writer(), value);
        }

        return Output;
    }

    /// <summary>Types, and lets all go on to its end.</summary>
    public string Type(string text)
    {
        var output = new StringBuilder();
        foreach (var value in text)
        {
            output.Append(TypeOnly(value.ToString()));
            while (HasMore)
            {
                Continue();
                output.Append(Output);
            }
        }

        return output.ToString();
    }

    /// <summary>The lines that a command answers, without its echo and the prompt behind them.</summary>
    public string[] Ask(string command)
    {
        const string Prompt = "rvirt> ";
        var text = Type(command + "\r");
        var echo = command + "\r\n";
        if (!text.StartsWith(echo, StringComparison.Ordinal) || !text.EndsWith(Prompt, StringComparison.Ordinal))
        {
            throw new InvalidOperationException("not an answer: " + text);
        }

        return text[echo.Length..^Prompt.Length].Split("\r\n")[..^1];
    }

    private static bool HostAddress(int guest, ulong address, out ulong value)
    {
        value = address + 0x800_0000;
        return address - 0x8000_0000 < 512 << 20;
    }

    // The one before the last two is not kept any more.
    private static bool ReadTrace(ulong number, out TraceRecord record)
    {
        record = new TraceRecord
        {
            Time = 5_000_000 + (number * 10),
            Pc = 0xffff_ffff_80a6_943e + number,
            Cause = number switch { 1002 => 0x8000_0000_0000_0005, 1001 => 13, 999 => 10, _ => 2 },
            Value = number switch { 1002 => 0, 1001 => 0x1_2345, 999 => 7, _ => 0x1002_5073 },
        };
        return number != 1000;
    }

    // Of the view with SUM and MXR where the address is even, of the kernel's own where it is odd.
    private static bool ReadShadow(int guest, int hart, ulong address, out ShadowLook look)
    {
        var isOdd = (address & 1) != 0;
        look = new ShadowLook(isOdd ? 1 : 0, PrivilegeMode.Supervisor, !isOdd, !isOdd);
        return address >> 21 == 0xffff_ffff_8000_0000 >> 21;
    }

    private GuestFacts Facts(int guest) => View.Object.Guest(guest);

    private bool ReadMemory(int guest, ulong address, out ulong value)
    {
        value = _memory.TryGetValue(address, out var known) ? known : address * 0x1_0000_0001;
        return address % 8 == 0 && HostAddress(guest, address, out _);
    }

    private ConsoleWriter<DeviceHost, ListSink> Writer() => new(ref s_host, new ListSink(_output));

    private static DeviceHost s_host;

    private readonly struct ListSink(List<byte> output) : IConsoleSink<DeviceHost>
    {
        public void Write(ref DeviceHost host, byte value) => output.Add(value);
    }

    // A struct, as the monitor wants it, around what is mocked.
    // The first guest is as if it were paused, and has one breakpoint and room for one more.
    private static BreakAnswer ChangeBreakpoint(int guest, ulong address, bool sets) => (guest, address, sets) switch
    {
        (0, 0x8031_240e, _) or (0, 0x8031_2410, true) => BreakAnswer.Done,
        (0, < 0x8000_0000, true) => BreakAnswer.NoMemory,
        (0, _, true) => BreakAnswer.Full,
        (0, _, false) => BreakAnswer.Unknown,
        _ => BreakAnswer.NotPaused,
    };

    private readonly struct MockedView(IMachineView view) : IMachineView
    {
        public int GuestCount => view.GuestCount;

        public int CoreCount => view.CoreCount;

        public ulong Time => view.Time;

        public ulong TimeFrequency => view.TimeFrequency;

        public GuestFacts Guest(int guest) => view.Guest(guest);

        public HartFacts Hart(int guest, int hart) => view.Hart(guest, hart);

        public TrapCounters Counters(int guest, int hart) => view.Counters(guest, hart);

        public void ForgetCounters(int guest) => view.ForgetCounters(guest);

        public bool TryReport(int guest, int hart, out HartReport report) => view.TryReport(guest, hart, out report);

        public CoreFacts Core(int core) => view.Core(core);

        public ShadowFacts Shadow(int guest, int hart) => view.Shadow(guest, hart);

        public bool TryShadow(int guest, int hart, ulong address, out ShadowLook look) => view.TryShadow(guest, hart, address, out look);

        public ulong RunTicks(int guest, int hart, out ulong ready) => view.RunTicks(guest, hart, out ready);

        public bool TryAsk(int guest, LifeRequest request) => view.TryAsk(guest, request);

        public BreakAnswer ChangeBreakpoint(int guest, ulong address, bool sets) => view.ChangeBreakpoint(guest, address, sets);

        public void SetShare(int guest, uint share) => view.SetShare(guest, share);

        public SlotFacts Slot(int guest, int slot) => view.Slot(guest, slot);

        public int SlotCount(int guest) => view.SlotCount(guest);

        public int Escape
        {
            get => view.Escape;
            set => view.Escape = value;
        }

        public void SetFocus(int guest) => view.SetFocus(guest);

        public void ShowAll() => view.ShowAll();

        public bool TryCopy(CopyKind kind, int guest, int target, bool begins, out CopyAnswer answer) => view.TryCopy(kind, guest, target, begins, out answer);

        public void EndMachine() => view.EndMachine();

        public void SetTracing(bool on) => view.SetTracing(on);

        public ulong CopyTrace(int core) => view.CopyTrace(core);

        public bool TryTrace(ulong number, out TraceRecord record) => view.TryTrace(number, out record);

        public bool TryHostAddress(int guest, ulong address, out ulong hostAddress) => view.TryHostAddress(guest, address, out hostAddress);

        public bool TryReadMemory(int guest, ulong address, out ulong value) => view.TryReadMemory(guest, address, out value);
    }
}
