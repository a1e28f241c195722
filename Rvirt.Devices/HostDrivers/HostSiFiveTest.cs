using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of the SiFive test device, which ends the machine with a status that whoever started it sees, where there is somebody.</summary>
public struct HostSiFiveTest : IHostReset
{
    private ulong _base;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "sifive,test0\0sifive,test1"u8;

    /// <inheritdoc/>
    public void Initialize(in HostDevice reset) => _base = reset.Base;

    /// <inheritdoc/>
    public readonly void End<THost>(ref THost host, uint status)
        where THost : struct, IMmio =>
        host.Write32(_base, status == 0 ? TestDeviceWord.Pass : TestDeviceWord.Fail | (status << TestDeviceWord.StatusShift));
}
