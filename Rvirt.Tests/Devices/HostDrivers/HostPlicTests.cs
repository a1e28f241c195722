using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>The host's PLIC and who its sources belong to, and the registers of the library's driver (PLIC 1.0.0 §3).</summary>
internal sealed class HostPlicTests
{
    private const ulong Base = 0x0c00_0000;

    [Test]
    public void TheOwnerIsWrittenBeforeTheSourceIsEnabledAndReadAfterTheClaim()
    {
        var log = new List<string>();
        var host = new LoggingHost(log);
        var plic = default(HostPlic<LoggingHost>);
        plic.Take<HostSiFivePlic>(new HostDevice { Base = Base });
        Assert.That(plic.Route(ref host, 3, 37, 9), Is.True);
        Assert.That(log, Is.EqualTo(["fence", "c000094=1", "c002184", "c002184=20"]), "priority 1, and bit 5 of the second word of context 3");
        log.Clear();
        host.Claims.Enqueue(37);
        var owners = new Owners();
        plic.Serve(ref host, 3, ref owners);
        Assert.That(log, Is.EqualTo(["c203004", "fence", "owner 9", "c203004=25", "c203004"]));
    }

    [Test]
    public void AContextOpensWithNoSourceEnabledAndNoneHeldBack()
    {
        var log = new List<string>();
        var host = new LoggingHost(log);
        var plic = default(HostPlic<LoggingHost>);
        plic.Take<HostSiFivePlic>(new HostDevice { Base = Base });
        plic.OpenContext(ref host, 2);
        Assert.That(log, Is.EqualTo(["c002100=0", "c002104=0", "c002108=0", "c00210c=0", "c202000=0"]));
    }

    private readonly struct Owners : IInterruptOwners<LoggingHost>
    {
        public void Serve(ref LoggingHost host, ushort owner) => host.Log.Add($"owner {owner}");
    }

    private readonly struct LoggingHost(List<string> log) : IMmio
    {
        public List<string> Log => log;

        public Queue<uint> Claims { get; } = new();

        public byte Read8(ulong address) => (byte)Read32(address);

        public ushort Read16(ulong address) => (ushort)Read32(address);

        public uint Read32(ulong address)
        {
            log.Add($"{address:x}");
            return address == Base + 0x20_3004 && Claims.TryDequeue(out var source) ? source : 0;
        }

        public ulong Read64(ulong address) => Read32(address);

        public void Write8(ulong address, byte value) => Write32(address, value);

        public void Write16(ulong address, ushort value) => Write32(address, value);

        public void Write32(ulong address, uint value) => log.Add($"{address:x}={value:x}");

        public void Write64(ulong address, ulong value) => Write32(address, (uint)value);

        public void IoFence() => log.Add("fence");
    }
}
