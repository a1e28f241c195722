using System;
using Rvirt.Core.Host;

namespace Rvirt.Tests.Mmu;

/// <summary>The strict hart as a host for the shadow tables, which may do nothing but write <c>satp</c> and fence.</summary>
internal readonly unsafe struct MmuHost(StrictHart hart) : IHost
{
    public void WriteSatp(ulong value) => hart.WriteSatp(value);

    public void SfenceAll() => hart.FenceAll();

    public void SfenceAsid(ulong asid) => hart.FenceAsid(asid);

    public void SfencePage(ulong va) => hart.FencePage(va);

    public bool MistrustsInstructions => throw new NotSupportedException();

    public ulong ReadSstatus() => throw new NotSupportedException();

    public void WriteSstatus(ulong value) => throw new NotSupportedException();

    public ulong ReadSie() => throw new NotSupportedException();

    public ulong TryFetchHalf(ulong va) => throw new NotSupportedException();

    public void SetSie(ulong bits) => throw new NotSupportedException();

    public void ClearSie(ulong bits) => throw new NotSupportedException();

    public ulong ReadSip() => throw new NotSupportedException();

    public void ClearSoftwareInterrupt() => throw new NotSupportedException();

    public void WriteScounteren(ulong value) => throw new NotSupportedException();

    public void FenceI() => throw new NotSupportedException();

    public ulong ReadTime() => throw new NotSupportedException();

    public ulong ReadCycle() => throw new NotSupportedException();

    public ulong ReadInstret() => throw new NotSupportedException();

    public void SetTimer(ulong deadline) => throw new NotSupportedException();

    public void SendIpi(ulong hartId) => throw new NotSupportedException();

    public void Wfi() => throw new NotSupportedException();

    public bool TryFetch(ulong va, out uint instruction) => throw new NotSupportedException();

    public void SaveFloatingPoint(ulong* area) => throw new NotSupportedException();

    public void RestoreFloatingPoint(ulong* area) => throw new NotSupportedException();

    public byte Read8(ulong address) => throw new NotSupportedException();

    public ushort Read16(ulong address) => throw new NotSupportedException();

    public uint Read32(ulong address) => throw new NotSupportedException();

    public ulong Read64(ulong address) => throw new NotSupportedException();

    public void Write8(ulong address, byte value) => throw new NotSupportedException();

    public void Write16(ulong address, ushort value) => throw new NotSupportedException();

    public void Write32(ulong address, uint value) => throw new NotSupportedException();

    public void Write64(ulong address, ulong value) => throw new NotSupportedException();

    public void IoFence() => throw new NotSupportedException();
}
