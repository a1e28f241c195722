using Moq;
using Rvirt.Core.Host;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>Registers of which a test says one by one how they are accessed: a driver takes them as a struct, a mock is a class.</summary>
internal readonly struct MockedRegisters(Mock<IMmio> registers) : IMmio
{
    public byte Read8(ulong address) => registers.Object.Read8(address);

    public ushort Read16(ulong address) => registers.Object.Read16(address);

    public uint Read32(ulong address) => registers.Object.Read32(address);

    public ulong Read64(ulong address) => registers.Object.Read64(address);

    public void Write8(ulong address, byte value) => registers.Object.Write8(address, value);

    public void Write16(ulong address, ushort value) => registers.Object.Write16(address, value);

    public void Write32(ulong address, uint value) => registers.Object.Write32(address, value);

    public void Write64(ulong address, ulong value) => registers.Object.Write64(address, value);

    public void IoFence() => registers.Object.IoFence();
}
