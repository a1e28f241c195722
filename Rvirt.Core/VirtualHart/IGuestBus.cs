using Rvirt.Core.Instructions;

namespace Rvirt.Core.VirtualHart;

/// <summary>The guest's devices, as trap handling needs them. Implemented by the virtual machine of the device library.</summary>
public interface IGuestBus<THost>
    where THost : struct
{
    /// <summary>Reads a register at a guest physical address that is not RAM.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="virtualHart">The virtual hart that reads.</param>
    /// <param name="address">Guest physical address, any value; may be misaligned.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">The value, zero-extended.</param>
    /// <returns>What it led to. Where no device answers the guest takes an access fault.</returns>
    BusOutcome Read(ref THost host, int virtualHart, ulong address, int size, out ulong value);

    /// <summary>Does what <see cref="Read"/> does where that changes nothing that another hart or an interrupt line depends on, in a few instructions.</summary>
    /// <param name="address">Guest physical address, any value; may be misaligned.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">The value, zero-extended.</param>
    /// <returns>False where <see cref="Read"/> has to find out.</returns>
    bool TryReadQuick(ulong address, int size, out ulong value);

    /// <summary>Writes a register at a guest physical address that is not RAM.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="virtualHart">The virtual hart that writes.</param>
    /// <param name="address">Guest physical address, any value; may be misaligned.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">The value, zero-extended.</param>
    /// <returns>What it led to. Where no device answers the guest takes an access fault.</returns>
    BusOutcome Write(ref THost host, int virtualHart, ulong address, int size, ulong value);

    /// <summary>Reads a register and writes it again, with no access of another hart between the two.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="virtualHart">The virtual hart that does it.</param>
    /// <param name="address">Guest physical address, aligned to the word's size.</param>
    /// <param name="operation">What is made of the register.</param>
    /// <param name="old">What it was, zero-extended.</param>
    /// <returns>What both accesses led to. Where no device answers one of them the guest takes an access fault.</returns>
    BusOutcome Modify(ref THost host, int virtualHart, ulong address, in AtomicOperation operation, out ulong old);

    /// <summary>Whether the virtual PLIC signals an external interrupt to a virtual hart's S-mode. Cheap: trap handling asks after device accesses that change it.</summary>
    bool ExternalInterruptPending(int virtualHart);

    /// <summary>Writes a byte to the guest's console, as it is (SBI console calls).</summary>
    void ConsoleWrite(ref THost host, byte value);

    /// <summary>Takes a byte from the guest's console input, or -1 where none waits.</summary>
    int ConsoleRead(ref THost host);

    /// <summary>Does what the guest's devices have to do at a time, if that has come: rings the alarm of its clock, gives up what its disk does not answer.</summary>
    /// <returns>The <c>time</c> at which to call again; all ones where nothing waits.</returns>
    ulong ServeAlarm(ref THost host);

    /// <summary>Says that the hart is about to sleep: output still held back goes out.</summary>
    void Idle(ref THost host);
}
