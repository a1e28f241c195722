using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of the host's interrupt controller: a PLIC, by whatever name and with its registers wherever.</summary>
/// <remarks>
/// Its contexts are numbered as in <c>interrupts-extended</c>. Harts may open contexts, claim and complete at the same time, each in a
/// context of its own; <see cref="Enable"/> and <see cref="Disable"/> are called by one at a time.
/// </remarks>
public interface IHostPlic : IHostDriver
{
    /// <summary>Takes a PLIC.</summary>
    /// <param name="plic">What the device tree says of it.</param>
    void Initialize(in HostDevice plic);

    /// <summary>Opens a hart's context: no source enabled, and none held back by its priority.</summary>
    void OpenContext<THost>(ref THost host, uint context)
        where THost : struct, IMmio;

    /// <summary>Lets a source interrupt a context.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="context">The context.</param>
    /// <param name="source">1 to <see cref="HostPlic{THost}.SourceLimit"/> - 1.</param>
    void Enable<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio;

    /// <summary>Lets a source not interrupt a context any more.</summary>
    void Disable<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio;

    /// <summary>Claims the pending source of highest priority for a context.</summary>
    /// <returns>The source, or 0 where none is pending.</returns>
    uint Claim<THost>(ref THost host, uint context)
        where THost : struct, IMmio;

    /// <summary>Completes a claimed source: it can pend again.</summary>
    void Complete<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio;
}
