using System;
using Rvirt.Core.Host;
using Rvirt.Tests.FakeHart.Harts;

namespace Rvirt.Tests.FakeHart.Hypervisor;

/// <summary>The reference hart as the hardware under the hypervisor's portable code.</summary>
public readonly unsafe struct FakeHost(Hart hart, HostSeam? seam = null) : IHost
{
    private readonly Hart _hart = hart;
    private readonly HostSeam? _seam = seam;

    public bool MistrustsInstructions => false;

    public ulong ReadSstatus() => _hart.ReadCsr(CsrNumber.Sstatus);

    public void WriteSstatus(ulong value) => _hart.WriteCsr(CsrNumber.Sstatus, value);

    public ulong ReadSie() => _hart.ReadCsr(CsrNumber.Sie);

    public void SetSie(ulong bits) => _hart.WriteCsr(CsrNumber.Sie, _hart.ReadCsr(CsrNumber.Sie) | bits);

    public void ClearSie(ulong bits) => _hart.WriteCsr(CsrNumber.Sie, _hart.ReadCsr(CsrNumber.Sie) & ~bits);

    public ulong ReadSip() => _hart.ReadCsr(CsrNumber.Sip);

    public void ClearSoftwareInterrupt() => _hart.ClearSoftware();

    public void WriteScounteren(ulong value) => _hart.WriteCsr(CsrNumber.Scounteren, value);

    public void WriteSatp(ulong value) => _hart.WriteCsr(CsrNumber.Satp, value);

    public void SfenceAll() => _hart.Fence(null, null);

    public void SfenceAsid(ulong asid) => _hart.Fence(null, (ushort)asid);

    public void SfencePage(ulong va) => _hart.Fence(va, null);

    public void FenceI() => _hart.FlushInstructionCache();

    public ulong ReadTime() => _hart.ReadCsr(CsrNumber.Time);

    public void SetTimer(ulong deadline) => _hart.FirmwareTimer = deadline;

    public void SendIpi(ulong hartId) => _hart.Machine.Harts[hartId].RaiseSoftware();

    /// <summary>Waiting for what cannot come ends the machine.</summary>
    public void Wfi()
    {
        _hart.UpdateTimers();
        if ((_hart.Pending & _hart.ReadCsr(CsrNumber.Sie)) != 0)
        {
            return;
        }

        if (_seam?.Idle is { } idle)
        {
            idle();
        }
        else if (!_hart.Machine.TryWait(_hart))
        {
            throw new IdleForeverException();
        }
    }

    public bool TryFetch(ulong va, out uint instruction)
    {
        instruction = 0;
        return (_seam is null || _seam.MayRead(_hart, va, 32)) && _hart.TryFetchForSupervisor(va, out instruction);
    }

    public ulong TryFetchHalf(ulong va) =>
        (_seam is null || _seam.MayRead(_hart, va, 16)) && _hart.TryFetchHalfForSupervisor(va, out var half) ? half : ulong.MaxValue;

    public void SaveFloatingPoint(ulong* area)
    {
        _hart.Float.CopyTo(new Span<ulong>(area, 32));
        area[32] = _hart.ReadCsr(CsrNumber.Fcsr);
    }

    public void RestoreFloatingPoint(ulong* area)
    {
        // Whatever FS says before and after, as FloatingPoint.S does it.
        var status = ReadSstatus();
        WriteSstatus(status | Status.Fs);
        new Span<ulong>(area, 32).CopyTo(_hart.Float);
        _hart.WriteCsr(CsrNumber.Fcsr, area[32]);
        WriteSstatus(status);
    }

    public byte Read8(ulong address) => (byte)Read(address, 1);

    public ushort Read16(ulong address) => (ushort)Read(address, 2);

    public uint Read32(ulong address) => (uint)Read(address, 4);

    public ulong Read64(ulong address) => Read(address, 8);

    public void Write8(ulong address, byte value) => Write(address, 1, value);

    public void Write16(ulong address, ushort value) => Write(address, 2, value);

    public void Write32(ulong address, uint value) => Write(address, 4, value);

    public void Write64(ulong address, ulong value) => Write(address, 8, value);

    public void IoFence()
    {
    }

    private ulong Read(ulong address, int size) =>
        _hart.Machine.TryRead(_hart, address, size, out var value)
            ? value
            : throw new InvalidOperationException($"the hypervisor read {size} bytes at {address:x}, where no device answers");

    private void Write(ulong address, int size, ulong value)
    {
        if (!_hart.Machine.TryWrite(_hart, address, size, value))
        {
            throw new InvalidOperationException($"the hypervisor wrote {size} bytes at {address:x}, where no device answers");
        }
    }
}
