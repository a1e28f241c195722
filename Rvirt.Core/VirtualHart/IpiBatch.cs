using Rvirt.Core.Host;

namespace Rvirt.Core.VirtualHart;

/// <summary>Harts of the host that are to be interrupted, all by one call: firmware takes more instructions for a call than for a hart.</summary>
internal struct IpiBatch
{
    private const ulong HartsOfCall = 64;

    private ulong _mask;

    /// <summary>Adds a hart by its hardware id; one beyond a mask from zero is interrupted at once.</summary>
    public void Add<THost>(ref THost host, ulong hartId)
        where THost : struct, IInterprocessor
    {
        if (hartId < HartsOfCall)
        {
            _mask |= 1UL << (int)hartId;
        }
        else
        {
            host.SendIpis(1, hartId);
        }
    }

    /// <summary>Interrupts those that were added.</summary>
    public readonly void Send<THost>(ref THost host)
        where THost : struct, IInterprocessor
    {
        if (_mask != 0)
        {
            host.SendIpis(_mask, 0);
        }
    }
}
