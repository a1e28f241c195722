using System;
using Rvirt.Core.Host;

namespace Rvirt.Tests.Devices.Fakes;

/// <summary>A hart of a <see cref="FakeMachine"/>: device registers and <c>time</c> work, the rest of the hart is not used by devices.</summary>
internal readonly struct DeviceHost(FakeMachine machine) : IHost
{
    public byte Read8(ulong address) => (byte)machine.Read(address, 1);

    public ushort Read16(ulong address) => (ushort)machine.Read(address, 2);

    public uint Read32(ulong address) => (uint)machine.Read(address, 4);

    public ulong Read64(ulong address) => machine.Read(address, 8);

    public void Write8(ulong address, byte value) => machine.Write(address, 1, value);

    public void Write16(ulong address, ushort value) => machine.Write(address, 2, value);

    public void Write32(ulong address, uint value) => machine.Write(address, 4, value);

    public void Write64(ulong address, ulong value) => machine.Write(address, 8, value);

    public void IoFence() => System.Threading.Thread.MemoryBarrier();

    public void SendIpi(ulong hartId) => machine.Ipis.Add(hartId);

    public bool MistrustsInstructions => throw new NotSupportedException();

    public ulong ReadSstatus() => throw new NotSupportedException();

    public void WriteSstatus(ulong value) => throw new NotSupportedException();

    public void SetSie(ulong bits) => throw new NotSupportedException();

    public void ClearSie(ulong bits) => throw new NotSupportedException();

    public ulong ReadSip() => throw new NotSupportedException();

    public void ClearSoftwareInterrupt() => throw new NotSupportedException();

    public void WriteScounteren(ulong value) => throw new NotSupportedException();

    public void WriteSatp(ulong value) => throw new NotSupportedException();

    public void SfenceAll() => throw new NotSupportedException();

    public void SfenceAsid(ulong asid) => throw new NotSupportedException();

    public void SfencePage(ulong va) => throw new NotSupportedException();

    public void FenceI() => throw new NotSupportedException();

    public ulong ReadTime() => machine.Time;

    public void SetTimer(ulong deadline) => throw new NotSupportedException();

    public void Wfi() => throw new NotSupportedException();

    public ulong TryFetchHalf(ulong va) => throw new NotSupportedException();

    public ulong ReadSie() => throw new NotSupportedException();

    public bool TryFetch(ulong va, out uint instruction) => throw new NotSupportedException();

    public unsafe void SaveFloatingPoint(ulong* area) => throw new NotSupportedException();

    public unsafe void RestoreFloatingPoint(ulong* area) => throw new NotSupportedException();
}
