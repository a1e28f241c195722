using Rvirt.Core.Instructions;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Testing.Traps;

/// <summary>A guest's devices for unit tests of trap handling: one register everywhere.</summary>
/// <param name="state">What it records, and answers.</param>
public readonly struct TestBus(TestBusState state) : IGuestBus<TestHost>
{
    /// <inheritdoc/>
    public BusOutcome Read(ref TestHost host, int virtualHart, ulong address, int size, out ulong value)
    {
        state.Calls.Add($"read {address:x} {size}");
        value = state.Value & (ulong.MaxValue >> (64 - (size * 8)));
        return state.Present ? BusOutcome.Of(state.LineChanged) : BusOutcome.Refused(lineChanged: false);
    }

    /// <inheritdoc/>
    public bool TryReadQuick(ulong address, int size, out ulong value)
    {
        value = state.Value & (ulong.MaxValue >> (64 - (size * 8)));
        if (state.Quick)
        {
            state.Calls.Add($"quick {address:x} {size}");
        }

        return state.Quick;
    }

    /// <inheritdoc/>
    public BusOutcome Write(ref TestHost host, int virtualHart, ulong address, int size, ulong value)
    {
        state.Calls.Add($"write {address:x} {size} {value:x}");
        return !state.Present || state.ReadOnly ? BusOutcome.Refused(state.LineChanged)
            : BusOutcome.Of(state.LineChanged, state.Event, state.Event == GuestEvent.Fail ? (ushort)42 : (ushort)0);
    }

    /// <inheritdoc/>
    public BusOutcome Modify(ref TestHost host, int virtualHart, ulong address, in AtomicOperation operation, out ulong old)
    {
        state.Calls.Add("locked");
        var outcome = Read(ref host, virtualHart, address, operation.Size, out old);
        outcome = outcome.Answered ? Write(ref host, virtualHart, address, operation.Size, operation.Apply(old)) : outcome;
        state.Calls.Add("unlocked");
        return outcome;
    }

    /// <inheritdoc/>
    public bool ExternalInterruptPending(int virtualHart) => state.External;

    /// <inheritdoc/>
    public void ConsoleWrite(ref TestHost host, byte value) => state.Output.Append((char)value);

    /// <inheritdoc/>
    public int ConsoleRead(ref TestHost host) => state.Input.TryDequeue(out var value) ? value : -1;

    /// <inheritdoc/>
    public ulong ServeAlarm(ref TestHost host)
    {
        state.Calls.Add("alarm");
        return state.Alarm;
    }

    /// <inheritdoc/>
    public void Idle(ref TestHost host) => state.Calls.Add("idle");
}
