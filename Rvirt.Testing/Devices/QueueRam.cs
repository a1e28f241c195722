using System;
using System.Runtime.InteropServices;
using Rvirt.Core.Memory;

namespace Rvirt.Testing.Devices;

/// <summary>RAM of a guest for queues to lie in, at different guest, host and hypervisor addresses so that none passes for another.</summary>
public sealed unsafe class QueueRam : IDisposable
{
    public const ulong Base = 0x8000_0000;
    public const ulong Bytes = 0x1_0000;
    public const ulong End = Base + Bytes;
    public const ulong HostAddress = 0x2_4000_0000;

    private readonly byte* _allocation = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 4096);

    public QueueRam() => Span.Clear();

    public Span<byte> Span => new(_allocation, (int)Bytes);

    public GuestMemory Memory => new(Base, Bytes, HostAddress, _allocation);

    public byte* Pointer(ulong guestAddress) => _allocation + (guestAddress - Base);

    public ref ushort Half(ulong guestAddress) => ref *(ushort*)Pointer(guestAddress);

    public ref uint Word(ulong guestAddress) => ref *(uint*)Pointer(guestAddress);

    public void Describe(ulong table, uint index, ulong address, uint length, uint flags, uint next)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, address);
        BitConverter.TryWriteBytes(bytes[8..], length);
        BitConverter.TryWriteBytes(bytes[12..], (ushort)flags);
        BitConverter.TryWriteBytes(bytes[14..], (ushort)next);
        bytes.CopyTo(new Span<byte>(Pointer(table + (16 * index)), 16));
    }

    public void Dispose() => NativeMemory.AlignedFree(_allocation);
}
