namespace Rvirt.Testing.Devices;

/// <summary>What a <see cref="GuestDriver"/> works on: the registers of a virtio slot, and the guest's RAM.</summary>
public unsafe interface IGuestSlot
{
    /// <summary>Reads a register.</summary>
    uint Register(uint offset);

    /// <summary>Writes a register.</summary>
    void Register(uint offset, uint value);

    /// <summary>The guest's RAM.</summary>
    byte* Ram(ulong guestAddress);
}
