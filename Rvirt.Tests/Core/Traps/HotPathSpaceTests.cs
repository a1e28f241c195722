using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Privileged;
using Rvirt.Core.Sbi;

namespace Rvirt.Tests.Core.Traps;

/// <summary>
/// The quick path and the slow one over all that the quick one can meet: every CSR by number, form and class of registers, <c>sret</c> and system
/// calls with every state of the status bits and interrupts that they look at, and the timer with every order of the times (docs/testing.md).
/// </summary>
public sealed class HotPathSpaceTests
{
    private const uint Sret = 0x10200073;

    private const ulong Now = 1000;

    // What a status can hold of SIE, SPIE, SPP, SUM and MXR.
    private static readonly ulong[] s_status = [.. Enumerable.Range(0, 32).Select(Status)];

    private static readonly ulong[] s_interrupts = [.. Enumerable.Range(0, 8).Select(three => (ulong)(((three & 1) << 1) | ((three & 2) << 4) | ((three & 4) << 7)))];

    private static readonly ulong[] s_times = [0, Now - 1, Now, Now + 1, Now + 2, ulong.MaxValue];

    private static readonly uint[] s_forms = [1, 2, 3, 5, 6, 7];

    [Test]
    public void EveryNumberInEveryForm([Values(0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u)] uint form) => Agree(
        from number in Enumerable.Range(0, 4096)
        from user in new[] { false, true }
        from rd in user ? new[] { 10u } : [0u, 10u]
        from rs1 in user ? new[] { 10u } : [0u, 10u, 11u]
        from operand in user || rs1 == 0 ? new[] { ulong.MaxValue } : [0, ulong.MaxValue]
        select new State(Access((uint)number, form, rd, rs1)) { Operand = operand, User = user, Status = user ? 0 : Sstatus.Spie });

    [Test]
    public void EveryStatusByARegister([ValueSource(nameof(s_status))] ulong status) => Agree(
        from form in new[] { 1u, 2u, 3u }
        from next in s_status
        from fs in new ulong[] { 0, 1, 2, 3 }
        from nextFs in new ulong[] { 0, 1, 2, 3 }
        from pending in new[] { 0UL, Interrupts.Timer }
        select new State(Access(Csr.Sstatus, form, 10, 11)) { Status = status, Operand = next | (nextFs << 13), Fs = fs << 13, Pending = pending, Enabled = Interrupts.Timer });

    [Test]
    public void EveryStateOfVectorsByARegister([Values] bool vectors) => Agree(
        from form in new[] { 1u, 2u, 3u }
        from vs in new ulong[] { 0, 1, 2, 3 }
        from nextVs in new ulong[] { 0, 1, 2, 3 }
        from fs in new ulong[] { 0, 1, 2, 3 }
        from nextFs in new ulong[] { 0, 1, 2, 3 }
        from more in new[] { 0UL, Sstatus.Sd, Sstatus.Sum }
        select new State(Access(Csr.Sstatus, form, 10, 11)) { Vectors = vectors, Operand = more | (nextVs << 9) | (nextFs << 13), Fs = (fs << 13) | (vectors ? vs << 9 : 0) });

    [Test]
    public void EveryStatusByAnImmediate([ValueSource(nameof(s_status))] ulong status) => Agree(
        from form in new[] { 5u, 6u, 7u }
        from immediate in Enumerable.Range(0, 32)
        from fs in new ulong[] { 0, 1, 2, 3 }
        from pending in new[] { 0UL, Interrupts.Timer }
        select new State(Access(Csr.Sstatus, form, 10, (uint)immediate)) { Status = status, Fs = fs << 13, Pending = pending, Enabled = Interrupts.Timer });

    [Test]
    public void EverySetOfEnabledAndPendingInterrupts([Values(Csr.Sie, Csr.Sip)] uint number) => Agree(
        from form in s_forms
        from status in new[] { 0UL, Sstatus.Sie }
        from enabled in s_interrupts
        from pending in s_interrupts
        from operand in s_interrupts.Append(ulong.MaxValue)
        from rs1 in form > 3 ? new[] { 0u, 2u, 31u } : [11u]
        select new State(Access(number, form, 10, rs1)) { Status = status, Enabled = enabled, Pending = pending, Operand = operand });

    [Test]
    public void EveryReturn([ValueSource(nameof(s_status))] ulong status) => Agree(
        from enabled in s_interrupts
        from pending in s_interrupts
        from counters in new ulong[] { 0, 1, 2, 3, 4, 5, 6, 7 }
        select new State(Sret) { Status = status, Enabled = enabled, Pending = pending, Counters = counters });

    [Test]
    public void EverySystemCall([ValueSource(nameof(s_status))] ulong status) => Agree(
        from enabled in s_interrupts
        from pending in s_interrupts
        from counters in new ulong[] { 0, 1, 2, 3, 4, 5, 6, 7 }
        from vector in new ulong[] { 0x8000_1000, 0x8000_1001 }
        select new State(0) { User = true, Status = status, Enabled = enabled, Pending = pending, Counters = counters, Vector = vector });

    [Test]
    public void EveryOrderOfTheTimers([ValueSource(nameof(s_times))] ulong deadline) => Agree(
        from before in s_times
        from alarm in s_times
        from status in new[] { 0UL, Sstatus.Sie, Sstatus.Spie }
        from enabled in s_interrupts
        from pending in s_interrupts
        select new State(0) { Status = status, Enabled = enabled, Pending = pending, Timer = deadline, Deadline = before, Alarm = alarm });

    private static ulong Status(int five) =>
        ((five & 1) != 0 ? Sstatus.Sie : 0) | ((five & 2) != 0 ? Sstatus.Spie : 0) | ((five & 4) != 0 ? Sstatus.Spp : 0)
        | ((five & 8) != 0 ? Sstatus.Sum : 0) | ((five & 16) != 0 ? Sstatus.Mxr : 0);

    private static uint Access(uint number, uint form, uint rd, uint rs1) => (number << 20) | (rs1 << 15) | (form << 12) | (rd << 7) | 0x73;

    private static void Agree(IEnumerable<State> states)
    {
        var seen = 0;
        foreach (var state in states)
        {
            // An interrupt that can be delivered was delivered before the guest ran on.
            if ((state.User || (state.Status & Sstatus.Sie) != 0) && (state.Pending & state.Enabled) != 0)
            {
                continue;
            }

            seen++;
            var (quick, slow) = (Run(state, quickly: true), Run(state, quickly: false));
            if (!quick.AsSpan().SequenceEqual(slow))
            {
                Assert.That(quick, Is.EqualTo(slow), state.ToString());
            }
        }

        Assert.That(seen, Is.Positive);
    }

    // All that the guest and the hart can tell.
    private static ulong[] Run(in State state, bool quickly)
    {
        using var machine = new TrapMachine(state.Vectors);
        ref var v = ref machine.V;
        ref var csrs = ref v.Csrs;
        for (var i = 1; i < 32; i++)
        {
            v.X[i] = state.Operand;
        }

        if (state.Timer is { } deadline)
        {
            v.X[10] = deadline;
            v.X[16] = 0;
            v.X[17] = SbiExtension.Time;
        }

        csrs.Sstatus = state.Status;
        csrs.Sip = state.Pending;
        csrs.Sie = state.Enabled;
        csrs.Sepc = 0x8000_2000;
        csrs.Scause = 0x77;
        csrs.Stval = 0x1234;
        csrs.Sscratch = 0x5678;
        csrs.Stvec = state.Vector;
        csrs.Scounteren = state.Counters;
        csrs.Mode = state.User ? PrivilegeMode.User : PrivilegeMode.Supervisor;
        v.Deadline = state.Deadline;
        v.Alarm = state.Alarm;
        machine.Hart.Time = Now;
        machine.Hart.Sstatus = state.Fs;
        machine.Mmu.AtHand = quickly;
        var cause = (ulong)(state.Instruction == 0 ? ExceptionCause.EnvironmentCallFromUser : ExceptionCause.IllegalInstruction);
        var outcome = quickly ? machine.Trap(cause, state.Instruction) : machine.TrapWithoutHotPath(cause, state.Instruction);
        var view = machine.Mmu.Calls.LastOrDefault(call => call.StartsWith("activate", StringComparison.Ordinal) || call.StartsWith("switch", StringComparison.Ordinal));
        return
        [
            (ulong)outcome, v.Pc, (ulong)csrs.Mode, csrs.Sstatus, csrs.Sip, csrs.Sie, csrs.Sepc, csrs.Scause, csrs.Stval, csrs.Sscratch, csrs.Stvec, csrs.Scounteren,
            csrs.Senvcfg, csrs.Satp, v.Deadline, v.Alarm, machine.Hart.Sstatus, machine.Hart.Scounteren, machine.Hart.Timer, machine.Hart.Sie,
            View(view, state),
            .. Enumerable.Range(0, (int)SbiCounters.Count).Select(n => Counter(machine, n)),
            .. Enumerable.Range(0, 32).Select(n => Register(machine, n)),
        ];
    }

    // Guests read every one, by Rvirt's own extension or by that of the PMU.
    private static ulong Counter(TrapMachine machine, int n) => SbiCounters.Read(ref machine.V, (ulong)n);

    private static ulong Register(TrapMachine machine, int n) => machine.V.X[n];

    // The view last chosen, whichever way; none chosen is the one there was.
    private static ulong View(string? call, in State state) => call is null
        ? View(state.User, (state.Status & Sstatus.Sum) != 0, (state.Status & Sstatus.Mxr) != 0)
        : View(call.Contains("User", StringComparison.Ordinal), call.Contains("sum=True", StringComparison.Ordinal), call.Contains("mxr=True", StringComparison.Ordinal));

    private static ulong View(bool user, bool sum, bool mxr) => (user ? 1UL : 0) | (sum ? 2UL : 0) | (mxr ? 4UL : 0);

    /// <summary>A virtual hart before a trap: an instruction, or zero for a call.</summary>
    private readonly record struct State(uint Instruction)
    {
        public ulong Status { get; init; }

        public bool Vectors { get; init; }

        public ulong Fs { get; init; }

        public ulong Pending { get; init; }

        public ulong Enabled { get; init; }

        public ulong Operand { get; init; }

        public ulong Counters { get; init; } = 7;

        public ulong Vector { get; init; } = 0x8000_1000;

        public ulong Deadline { get; init; } = ulong.MaxValue;

        public ulong Alarm { get; init; } = ulong.MaxValue;

        public ulong? Timer { get; init; }

        public bool User { get; init; }
    }
}
