using System.Numerics;
using Rvirt.Core.Host;

namespace Rvirt.Testing.Devices;

/// <summary>A hart of a <see cref="FakeMachine"/>: device registers, <c>time</c> and interrupts to other harts, which is all that devices use.</summary>
/// <param name="machine">The machine, which counts and judges what is asked of it.</param>
public readonly struct DeviceHost(FakeMachine machine) : IMmio, ITime, IInterprocessor
{
    /// <inheritdoc/>
    public byte Read8(ulong address) => (byte)machine.Read(address, 1);

    /// <inheritdoc/>
    public ushort Read16(ulong address) => (ushort)machine.Read(address, 2);

    /// <inheritdoc/>
    public uint Read32(ulong address) => (uint)machine.Read(address, 4);

    /// <inheritdoc/>
    public ulong Read64(ulong address) => machine.Read(address, 8);

    /// <inheritdoc/>
    public void Write8(ulong address, byte value) => machine.Write(address, 1, value);

    /// <inheritdoc/>
    public void Write16(ulong address, ushort value) => machine.Write(address, 2, value);

    /// <inheritdoc/>
    public void Write32(ulong address, uint value) => machine.Write(address, 4, value);

    /// <inheritdoc/>
    public void Write64(ulong address, ulong value) => machine.Write(address, 8, value);

    /// <inheritdoc/>
    public void IoFence() => System.Threading.Thread.MemoryBarrier();

    /// <inheritdoc/>
    public void SendIpis(ulong mask, ulong first)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            machine.Ipis.Add(first + (ulong)BitOperations.TrailingZeroCount(mask));
        }
    }

    /// <inheritdoc/>
    public ulong ReadTime() => machine.Time;
}
