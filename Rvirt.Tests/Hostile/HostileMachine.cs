using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Hypervisor.Host;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// A guest on the reference machine, where all memory that is neither its own nor the hypervisor's holds a pattern, all devices that
/// are neither's end the test when they are touched, and the tables that the guest runs on are audited after traps.
/// </summary>
internal sealed class HostileMachine : IDisposable
{
    private const byte Pattern = 0xa7;
    private const ulong ForeignRam = 4 << 20;
    private const ulong Page = 4096;
    private const ulong TrapsPerAudit = 61;
    private readonly ShadowAudit _audit;
    private readonly ulong[] _interruptController;
    private readonly List<ulong> _foreign = [];

    public HostileMachine(uint virtioVersion = 2, TranslationMode host = TranslationMode.Sv57, HartOptions? options = null)
    {
        EntropyDevice? entropy = null;
        World = new GuestWorld(
            new WorldOptions
            {
                Harts = options ?? new HartOptions(),
                Mode = host,
                MoreRam = ForeignRam,
                Attach = machine =>
                {
                    entropy = new EntropyDevice(machine, virtioVersion);
                    machine.Memory(machine.RamBase, (int)machine.RamSize).Fill(Pattern);
                },
            },
            GuestPayload.Program("here: j here", GuestProgram.Address) with { Memory = GuestProgram.RamLength });
        Entropy = entropy!;
        Entropy.Allow(Guest.Memory.HostAddress, Guest.Memory.Length);
        Entropy.Allow(Guest.Storage.Start, Guest.Storage.Length);
        foreach (var (start, length) in new (ulong, ulong)[]
        {
            (0, 0x10_0000), (0x10_1000, 0x10_0000), (0x300_0000, 0x10_0000), (0x1000_2000, 0x7000), (0x2000_0000, 0x400_0000), (0x3000_0000, 0x1000_0000), (0x4000_0000, 0x4000_0000),
            (0x1_0000_0000, 0x4000_0000),
        })
        {
            World.Machine.Attach(start, length, new PatternDevice($"the device at {start:x}"));
        }

        // What set-up and the guest left alone is nobody's.
        for (var page = World.Machine.RamBase; page < World.Machine.RamBase + World.Machine.RamSize; page += Page)
        {
            if (page - Guest.Memory.HostAddress >= Guest.Memory.Length && IsPattern(page))
            {
                _foreign.Add(page);
            }
        }

        Assert.That(_foreign, Has.Count.GreaterThan((int)(ForeignRam / Page)));
        _audit = new ShadowAudit(World);
        _interruptController = InterruptController();
        Guest.AfterTrap = () =>
        {
            if (Guest.Traps % TrapsPerAudit == 1)
            {
                _audit.Check();
            }
        };
    }

    /// <summary>The machine with its guest.</summary>
    public GuestWorld World { get; }

    /// <summary>The guest.</summary>
    public DesktopGuest Guest => World.Guest;

    /// <summary>Its virtio device.</summary>
    public EntropyDevice Entropy { get; }

    /// <summary>The lines that guests have printed so far; the hypervisor's own are left out, and so are zeros.</summary>
    public List<string> Lines =>
        [.. World.Machine.Uart.Output.Replace("\0", "", StringComparison.Ordinal).Split('\n').Select(l => l.Trim('\r')).Where(l => l.Length != 0 && !l.StartsWith("rvirt: ", StringComparison.Ordinal))];

    /// <summary>Has the guest reboot into a program, with nothing else in its RAM.</summary>
    public HostileMachine Start(GuestProgram program)
    {
        Guest.Ram(GuestProgram.RamBase, (int)GuestProgram.RamLength).Clear();
        Guest.RebootInto(GuestPayload.Program(program.Source, GuestProgram.Address).Kernel);
        return this;
    }

    /// <summary>Another hart asks the guest's to stop, as the hypervisor does to end a guest.</summary>
    public void RequestStop() => Assert.That(Guest.Ask(LifeRequest.Kill));

    /// <summary>All that is not the guest's is as it was, and the tables it runs on lead nowhere else.</summary>
    public void CheckIntact()
    {
        _audit.Check();
        Assert.That(_audit.Leaves, Is.Positive, "the audit saw the guest's pages");
        foreach (var page in _foreign)
        {
            if (!IsPattern(page))
            {
                Assert.Fail($"foreign memory at {page:x} was changed");
            }
        }

        Assert.That(InterruptController(), Is.EqualTo(_interruptController), "the host's interrupt controller is set up as it was");
        Assert.That(World.Machine.Ended, Is.EqualTo(World.Desktop.Status is not null), "the guest did not reach the host's test device");
    }

    /// <summary>The hypervisor serves another guest in the same place: page tables, a timer, the console, interrupts.</summary>
    public void CheckServes()
    {
        foreach (var name in new[] { "storm-fence", "storm-timer", "storm-uart" })
        {
            var program = HostilePrograms.Get(name);
            var before = Lines.Count;
            Start(program).World.Run(20_000_000);
            Assert.That(Lines[before..], Is.EqualTo(program.Lines));
            Assert.That(Guest.Stopped, Is.EqualTo(StopReason.Shutdown));
        }
    }

    public void Dispose() => World.Dispose();

    private bool IsPattern(ulong page) => World.Machine.Memory(page, (int)Page).IndexOfAnyExcept(Pattern) < 0;

    // Priorities, enables and thresholds of the host's PLIC.
    private ulong[] InterruptController()
    {
        var registers = new List<ulong>();
        foreach (var offset in Enumerable.Range(0, 96).Select(i => 4 * i).Concat([0x2000, 0x2004, 0x2080, 0x2084, 0x20_0000, 0x20_1000]))
        {
            Assert.That(World.Machine.TryRead(null, GuestMap.Plic + (ulong)offset, 4, out var value));
            registers.Add(value);
        }

        return [.. registers];
    }
}
