using System;
using System.Runtime.InteropServices;
using Rvirt.Core.Memory;

namespace Rvirt.Testing.Devices;

/// <summary>RAM of a guest for queues to lie in, at different guest, host and hypervisor addresses so that none passes for another.</summary>
// SAFETY: allocated here and freed in Dispose; whoever asks for a pointer or a reference names guest addresses within it.
public sealed unsafe class QueueRam : IDisposable
{
    /// <summary>Guest physical address of the first byte.</summary>
    public const ulong Base = 0x8000_0000;

    /// <summary>Its bytes.</summary>
    public const ulong Bytes = 0x1_0000;

    /// <summary>Guest physical address behind the last byte.</summary>
    public const ulong End = Base + Bytes;

    /// <summary>Host physical address of the first byte.</summary>
    public const ulong HostAddress = 0x2_4000_0000;

    private readonly byte* _allocation = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 4096);

    /// <summary>Makes RAM that is all zero.</summary>
    public QueueRam() => Span.Clear();

    /// <summary>All of it.</summary>
    public Span<byte> Span => new(_allocation, (int)Bytes);

    /// <summary>What the hypervisor knows of it.</summary>
    public GuestMemory Memory => new(Base, Bytes, HostAddress, _allocation);

    /// <summary>A pointer to a byte.</summary>
    /// <param name="guestAddress">From <see cref="Base"/> to <see cref="End"/>, which is not checked.</param>
    public byte* Pointer(ulong guestAddress) => _allocation + (guestAddress - Base);

    /// <summary>Two bytes, little-endian.</summary>
    /// <param name="guestAddress">A multiple of two in RAM, which is not checked.</param>
    public ref ushort Half(ulong guestAddress) => ref *(ushort*)Pointer(guestAddress);

    /// <summary>Four bytes, little-endian.</summary>
    /// <param name="guestAddress">A multiple of four in RAM, which is not checked.</param>
    public ref uint Word(ulong guestAddress) => ref *(uint*)Pointer(guestAddress);

    /// <summary>Writes a descriptor (virtio 1.2 §2.7.5).</summary>
    /// <param name="table">Guest physical address of its table.</param>
    /// <param name="index">Its number.</param>
    /// <param name="address">Of the buffer.</param>
    /// <param name="length">The buffer's bytes.</param>
    /// <param name="flags">16 bits: 1 for one that others follow, 2 for the device to write, 4 for an indirect table.</param>
    /// <param name="next">16 bits: the number of the descriptor that follows.</param>
    public void Describe(ulong table, uint index, ulong address, uint length, uint flags, uint next)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, address);
        BitConverter.TryWriteBytes(bytes[8..], length);
        BitConverter.TryWriteBytes(bytes[12..], (ushort)flags);
        BitConverter.TryWriteBytes(bytes[14..], (ushort)next);
        bytes.CopyTo(new Span<byte>(Pointer(table + (16 * index)), 16));
    }

    /// <summary>Frees it.</summary>
    public void Dispose() => NativeMemory.AlignedFree(_allocation);
}
