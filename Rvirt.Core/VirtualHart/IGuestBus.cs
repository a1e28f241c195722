namespace Rvirt.Core.VirtualHart;

/// <summary>The guest's devices, as trap handling needs them. Implemented by the virtual machine of the device library.</summary>
public interface IGuestBus<THost>
    where THost : struct
{
    /// <summary>Reads a register at a guest physical address that is not RAM.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="address">Guest physical address, any value; may be misaligned.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">The value, zero-extended.</param>
    /// <returns>False where no device answers: the guest takes an access fault.</returns>
    bool TryRead(ref THost host, ulong address, int size, out ulong value);

    /// <summary>Does what <see cref="TryRead"/> does where that changes nothing that another hart or an interrupt line depends on, in a few instructions.</summary>
    /// <param name="address">Guest physical address, any value; may be misaligned.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">The value, zero-extended.</param>
    /// <returns>False where <see cref="TryRead"/> has to find out.</returns>
    bool TryReadQuick(ulong address, int size, out ulong value);

    /// <summary>Writes a register at a guest physical address that is not RAM.</summary>
    /// <returns>False where no device answers: the guest takes an access fault.</returns>
    bool TryWrite(ref THost host, ulong address, int size, ulong value);

    /// <summary>Whether the virtual PLIC signals an external interrupt to a virtual hart's S-mode. Cheap: trap handling asks after each device access.</summary>
    bool ExternalInterruptPending(int virtualHart);

    /// <summary>Writes a byte to the guest's console, as it is (SBI console calls).</summary>
    void ConsoleWrite(ref THost host, byte value);

    /// <summary>Takes a byte from the guest's console input, or -1 where none waits.</summary>
    int ConsoleRead(ref THost host);

    /// <summary>What the guest asked of the test device or the clock since the last call; asking clears it. Cheap: trap handling asks after each device write.</summary>
    /// <param name="code">The guest's own failure code, where it failed.</param>
    MachineEvent TakeEvent(out uint code);

    /// <summary>Rings the alarm of the guest's clock if its moment has come.</summary>
    /// <returns>The <c>time</c> at which to call again; all ones where no alarm waits.</returns>
    ulong ServeAlarm(ref THost host);

    /// <summary>Says that the hart is about to sleep: output still held back goes out.</summary>
    void Idle(ref THost host);
}
