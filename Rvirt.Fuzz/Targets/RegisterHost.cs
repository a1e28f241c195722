using Rvirt.Core.Host;

namespace Rvirt.Fuzz.Targets;

/// <summary>A hart that has one device's registers, the time, and nothing else.</summary>
internal readonly struct RegisterHost(IRegisters registers) : IMmio, ITime
{
    public byte Read8(ulong address) => (byte)registers.Read(address, sizeof(byte));

    public ushort Read16(ulong address) => (ushort)registers.Read(address, sizeof(ushort));

    public uint Read32(ulong address) => registers.Read(address, sizeof(uint));

    public ulong Read64(ulong address) => registers.Read(address, sizeof(ulong));

    public void Write8(ulong address, byte value) => registers.Write(address, sizeof(byte), value);

    public void Write16(ulong address, ushort value) => registers.Write(address, sizeof(ushort), value);

    public void Write32(ulong address, uint value) => registers.Write(address, sizeof(uint), value);

    public void Write64(ulong address, ulong value) => registers.Write(address, sizeof(ulong), value);

    public void IoFence()
    {
    }

    public ulong ReadTime() => registers.ReadTime();
}
