using Rvirt.Core.Host;

namespace Rvirt.Devices.Virtio;

/// <summary>What stands behind a guest's virtio slot: a device of the host, or one that the hypervisor serves itself.</summary>
/// <remarks>
/// <para>An implementation is a struct and a type argument of <see cref="VirtioTransport{TBackend}"/>, so that no call is made through a
/// table. The transport keeps registers, negotiation and the interrupt's causes; the back end has the device, and a say in what it keeps.</para>
/// <para>What it may rely on and what it owes, <see cref="IVirtioDevice"/> says, and that <see cref="Agree"/> comes before <see cref="IVirtioDevice.Start"/>.</para>
/// </remarks>
public interface IVirtioBackend : IVirtioDevice
{
    /// <summary>Queues a back end can have.</summary>
    const uint MaxQueues = 8;

    /// <summary>Who made it, as the vendor register says. Does not change.</summary>
    uint Vendor { get; }

    /// <summary>Version of the transport that the guest sees: 1 for legacy, 2 for modern. Does not change.</summary>
    uint Version { get; }

    /// <summary>The driver has chosen its features (§3.1.1). A legacy driver may choose again.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="features">Features, all of them offered.</param>
    void Agree<THost>(ref THost host, ulong features)
        where THost : struct, IMmio;

    /// <summary>The driver wrote its status (§2.1); a reset is <see cref="IVirtioDevice.Reset"/>.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="status">Not 0, and without <see cref="VirtioStatus.NeedsReset"/>.</param>
    /// <returns>Whether <see cref="VirtioStatus.FeaturesOk"/> may stand; what a legacy device answers does not matter.</returns>
    bool SetStatus<THost>(ref THost host, byte status)
        where THost : struct, IMmio;

    /// <summary>Whether the device is in trouble that only a reset ends (§2.1.2), beside what its queues' faults say.</summary>
    bool NeedsReset<THost>(ref THost host)
        where THost : struct, IMmio;

    /// <summary>Writes the configuration space.</summary>
    /// <param name="host">The hart.</param>
    /// <param name="offset">As in <see cref="IVirtioDevice.ReadConfiguration"/>.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    /// <param name="value">The value.</param>
    void WriteConfiguration<THost>(ref THost host, uint offset, int size, ulong value)
        where THost : struct, IMmio;

    /// <summary>A number that changes with the configuration space (§2.5.1), for modern drivers.</summary>
    uint ConfigurationGeneration<THost>(ref THost host)
        where THost : struct, IMmio;
}
