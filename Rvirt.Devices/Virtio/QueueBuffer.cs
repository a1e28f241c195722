namespace Rvirt.Devices.Virtio;

/// <summary>A buffer of a chain, checked to be the guest's RAM as a whole. Its contents stay the guest's to change at any time.</summary>
public unsafe struct QueueBuffer
{
    /// <summary>Host physical address, for a device that reads and writes memory by itself.</summary>
    public ulong HostAddress;

    /// <summary>The hypervisor's pointer to it.</summary>
    // SAFETY: all of its length is the guest's RAM, which stays mapped as long as the guest lives.
    public byte* Pointer;

    /// <summary>Bytes, at least 1.</summary>
    public uint Length;

    /// <summary><see cref="RingLayout.Next"/> and <see cref="RingLayout.Write"/>, as the descriptor has them; no other.</summary>
    public uint Flags;

    /// <summary>Whether the device writes it (virtio 1.2 §2.7.5); it reads the others, and must not write them (§2.7.5.1).</summary>
    public readonly bool IsWritable => (Flags & RingLayout.Write) != 0;
}
