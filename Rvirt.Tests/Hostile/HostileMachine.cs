using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Harts;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Hostile;

/// <summary>
/// A guest on the reference machine, where all memory that is neither its own nor the hypervisor's holds a pattern, all devices that
/// are neither's end the test when they are touched, and the tables that the guest runs on are audited after traps.
/// </summary>
internal sealed unsafe class HostileMachine : IDisposable
{
    private const byte Pattern = 0xa7;
    private const ulong ForeignRam = 4 << 20;
    private const ulong TrapsPerAudit = 61;
    private readonly ShadowAudit _audit;
    private readonly ulong[] _interruptController;

    public HostileMachine(uint virtioVersion = 2, TranslationMode host = TranslationMode.Sv57, HartOptions? options = null)
    {
        EntropyDevice? entropy = null;
        Virtual = new VirtualMachine(
            GuestProgram.RamLength, options, host, machine => entropy = new EntropyDevice(machine, virtioVersion), foreignRam: ForeignRam);
        Entropy = entropy!;
        Entropy.Allow(Virtual.Memory.HostAddress, Virtual.Memory.Length);
        Entropy.Allow(Virtual.Guest.OwnMemory[1].Start, Virtual.Guest.OwnMemory[1].Length);
        foreach (var (start, length) in new (ulong, ulong)[]
        {
            (0, 0x10_0000), (0x10_1000, 0x10_0000), (0x300_0000, 0x10_0000), (0x1000_2000, 0x7000), (0x2000_0000, 0x400_0000), (0x3000_0000, 0x1000_0000), (0x4000_0000, 0x4000_0000),
            (0x1_0000_0000, 0x4000_0000),
        })
        {
            Virtual.Machine.Attach(start, length, new PatternDevice($"the device at {start:x}"));
        }

        foreach (var (start, length) in Foreign())
        {
            Virtual.Machine.Memory(start, (int)length).Fill(Pattern);
        }

        _audit = new ShadowAudit(Virtual);
        _interruptController = InterruptController();
        Virtual.AfterTrap = () =>
        {
            if (Virtual.Traps % TrapsPerAudit == 1)
            {
                _audit.Check();
            }
        };
    }

    /// <summary>The machine with its guest.</summary>
    public VirtualMachine Virtual { get; }

    /// <summary>Its virtio device.</summary>
    public EntropyDevice Entropy { get; }

    /// <summary>The lines that guests have printed so far; the hypervisor's own are left out, and so are zeros.</summary>
    public List<string> Lines =>
        [.. Virtual.Machine.Uart.Output.Replace("\0", "", StringComparison.Ordinal).Split('\n').Select(l => l.Trim('\r')).Where(l => l.Length != 0 && !l.StartsWith("rvirt: ", StringComparison.Ordinal))];

    /// <summary>Loads a program and starts the guest at it; the devices are put in their reset state as when a guest starts.</summary>
    public HostileMachine Start(GuestProgram program)
    {
        Virtual.Hart.Mode = PrivilegeLevel.Supervisor;
        var host = new FakeHost(Virtual.Hart);
        Assert.That(Virtual.Bus.ResetAll(ref host), "devices stop");
        Virtual.GuestRam(GuestProgram.RamBase, (int)GuestProgram.RamLength).Clear();
        var code = Assembler.Assemble(program.Source, GuestProgram.Address);
        code.CopyTo(Virtual.GuestRam(GuestProgram.Address, code.Length));
        Virtual.Start(GuestProgram.Address);
        return this;
    }

    /// <summary>Another hart asks the guest's to stop, as the hypervisor does to end a guest.</summary>
    public void RequestStop()
    {
        Interlocked.Or(ref Virtual.VCpu.Requests, (int)HartRequest.Stop);
        Virtual.Hart.RaiseSoftware();
    }

    /// <summary>All that is not the guest's is as it was, and the tables it runs on lead nowhere else.</summary>
    public void CheckIntact()
    {
        _audit.Check();
        Assert.That(_audit.Leaves, Is.Positive, "the audit saw the guest's pages");
        foreach (var (start, length) in Foreign())
        {
            var at = Virtual.Machine.Memory(start, (int)length).IndexOfAnyExcept(Pattern);
            Assert.That(at, Is.EqualTo(-1), $"foreign memory at {start:x} was changed");
        }

        Assert.That(InterruptController(), Is.EqualTo(_interruptController), "the host's interrupt controller is set up as it was");
        Assert.That(Virtual.Machine.Outcome, Is.Null.Or.EqualTo(1u), "the guest did not reach the host's test device");
    }

    /// <summary>The hypervisor serves another guest in the same place: page tables, a timer, the console, interrupts.</summary>
    public void CheckServes()
    {
        foreach (var name in new[] { "storm-fence", "storm-timer", "storm-uart" })
        {
            var program = HostilePrograms.Get(name);
            var before = Lines.Count;
            Start(program).Virtual.Run(20_000_000);
            Assert.That(Lines[before..], Is.EqualTo(program.Lines));
            Assert.That(Virtual.Stopped, Is.EqualTo(StopReason.Shutdown));
        }
    }

    public void Dispose() => Virtual.Dispose();

    private IEnumerable<(ulong Start, ulong Length)> Foreign()
    {
        var start = Virtual.Machine.RamBase;
        var owned = Virtual.Guest.OwnMemory.Append((Start: Virtual.Memory.HostAddress, Length: Virtual.Memory.Length)).OrderBy(range => range.Start);
        foreach (var (from, length) in owned)
        {
            yield return (start, from - start);
            start = from + length;
        }

        yield return (start, Virtual.Machine.RamBase + Virtual.Machine.RamSize - start);
    }

    // Priorities, enables and thresholds of the host's PLIC.
    private ulong[] InterruptController()
    {
        var registers = new List<ulong>();
        foreach (var offset in Enumerable.Range(0, 96).Select(i => 4 * i).Concat([0x2000, 0x2004, 0x2080, 0x2084, 0x20_0000, 0x20_1000]))
        {
            Assert.That(Virtual.Machine.TryRead(null, GuestMap.Plic + (ulong)offset, 4, out var value));
            registers.Add(value);
        }

        return [.. registers];
    }
}
