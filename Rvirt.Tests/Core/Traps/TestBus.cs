using System.Collections.Generic;
using System.Text;
using Rvirt.Core.Instructions;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

/// <summary>What the hypervisor under test asked of the devices, and what they answer.</summary>
internal sealed class TestBusState
{
    public List<string> Calls { get; } = [];

    public StringBuilder Output { get; } = new();

    public Queue<byte> Input { get; } = new();

    public bool Present { get; set; } = true;

    /// <summary>Whether the register takes no writes.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>Whether the quick read answers.</summary>
    public bool Quick { get; set; }

    public ulong Value { get; set; }

    public bool External { get; set; }

    /// <summary>Whether an access changes <see cref="External"/>'s line, or says so.</summary>
    public bool LineChanged { get; set; }

    public MachineEvent Event { get; set; }

    /// <summary>When the guest's alarm rings next.</summary>
    public ulong Alarm { get; set; } = ulong.MaxValue;
}

/// <summary>Devices for unit tests of trap handling: one register everywhere.</summary>
internal readonly struct TestBus(TestBusState state) : IGuestBus<TestHost>
{
    public BusOutcome Read(ref TestHost host, int virtualHart, ulong address, int size, out ulong value)
    {
        state.Calls.Add($"read {address:x} {size}");
        value = state.Value & (ulong.MaxValue >> (64 - (size * 8)));
        return state.Present ? BusOutcome.Of(state.LineChanged) : BusOutcome.NotAnswered;
    }

    public bool TryReadQuick(ulong address, int size, out ulong value)
    {
        value = state.Value & (ulong.MaxValue >> (64 - (size * 8)));
        if (state.Quick)
        {
            state.Calls.Add($"quick {address:x} {size}");
        }

        return state.Quick;
    }

    public BusOutcome Write(ref TestHost host, int virtualHart, ulong address, int size, ulong value)
    {
        state.Calls.Add($"write {address:x} {size} {value:x}");
        return !state.Present || state.ReadOnly ? BusOutcome.Refused(state.LineChanged)
            : BusOutcome.Of(state.LineChanged, state.Event, state.Event == MachineEvent.Fail ? (ushort)42 : (ushort)0);
    }

    public BusOutcome Modify(ref TestHost host, int virtualHart, ulong address, in AtomicOperation operation, out ulong old)
    {
        state.Calls.Add("locked");
        var outcome = Read(ref host, virtualHart, address, operation.Size, out old);
        outcome = outcome.Answered ? Write(ref host, virtualHart, address, operation.Size, operation.Apply(old)) : outcome;
        state.Calls.Add("unlocked");
        return outcome;
    }

    public bool ExternalInterruptPending(int virtualHart) => state.External;

    public void ConsoleWrite(ref TestHost host, byte value) => state.Output.Append((char)value);

    public int ConsoleRead(ref TestHost host) => state.Input.TryDequeue(out var value) ? value : -1;

    public ulong ServeAlarm(ref TestHost host)
    {
        state.Calls.Add("alarm");
        return state.Alarm;
    }

    public void Idle(ref TestHost host) => state.Calls.Add("idle");
}
