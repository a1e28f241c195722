namespace Rvirt.Testing.Devices;

/// <summary>What a <see cref="GuestDriver"/> works on: the registers of a virtio slot, and the guest's RAM.</summary>
// SAFETY: whoever follows the pointer stays within the guest's RAM, which lives as long as the slot.
public unsafe interface IGuestSlot
{
    /// <summary>Reads a register of 32 bits.</summary>
    /// <param name="offset">From the slot's start, as virtio 1.2 §4.2.2 has it.</param>
    uint Register(uint offset);

    /// <summary>Writes a register of 32 bits.</summary>
    /// <param name="offset">From the slot's start.</param>
    /// <param name="value">What is written.</param>
    void Register(uint offset, uint value);

    /// <summary>The guest's RAM.</summary>
    /// <param name="guestAddress">A guest physical address in RAM, which is not checked.</param>
    /// <returns>A pointer to it.</returns>
    byte* Ram(ulong guestAddress);
}
