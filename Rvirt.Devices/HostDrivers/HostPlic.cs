using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>The host's PLIC, its driver, whichever it is, and the record of whom each interrupt source belongs to.</summary>
/// <remarks>
/// Routing is by harts: a source is enabled in the context of the hart that serves its owner, and in no other. Each hart claims from its own
/// context; who owns what is written by <see cref="Route"/> under the lock, before the source is enabled anywhere.
/// </remarks>
/// <typeparam name="THost">The hart that calls.</typeparam>
// SAFETY: Take fills in all entries for one type of driver, whose state is asked for as nothing else.
public unsafe struct HostPlic<THost>
    where THost : struct, IMmio
{
    /// <summary>Sources that can be routed: numbers 1 to this minus one.</summary>
    public const int SourceLimit = 128;

    private const int ClaimsPerService = 16;

    private TicketLock _lock;
    private DriverState _state;
    private delegate*<ref DriverState, ref THost, uint, void> _openContext;
    private delegate*<ref DriverState, ref THost, uint, uint, void> _enable;
    private delegate*<ref DriverState, ref THost, uint, uint, void> _disable;
    private delegate*<ref DriverState, ref THost, uint, uint> _claim;
    private delegate*<ref DriverState, ref THost, uint, uint, void> _complete;
    private fixed ushort _owners[SourceLimit];

    /// <summary>Has a driver take the PLIC. All sources are nobody's.</summary>
    /// <typeparam name="TPlic">The driver.</typeparam>
    /// <param name="device">What the device tree says of it.</param>
    public void Take<TPlic>(in HostDevice device)
        where TPlic : unmanaged, IHostPlic
    {
        this = default;
        DriverState.As<TPlic>(ref _state).Initialize(device);
        _openContext = &OpenContext<TPlic>;
        _enable = &Enable<TPlic>;
        _disable = &Disable<TPlic>;
        _claim = &Claim<TPlic>;
        _complete = &Complete<TPlic>;
    }

    /// <summary>Opens a hart's context: no source enabled, threshold 0. Each hart does this once before it takes external interrupts.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="context">Context number of the hart's S-mode, from the device tree.</param>
    public void OpenContext(ref THost host, uint context) => _openContext(ref _state, ref host, context);

    /// <summary>Whether a source's number is one that can be routed: 1 to <see cref="SourceLimit"/> - 1.</summary>
    public static bool CanRoute(uint source) => source - 1 < SourceLimit - 1;

    /// <summary>Gives a source to an owner and routes it to a context, with priority 1.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="context">Context of the hart that serves the owner.</param>
    /// <param name="source">1 to <see cref="SourceLimit"/> - 1.</param>
    /// <param name="owner">The number by which <see cref="Serve"/> names the owner; not 0.</param>
    /// <returns>False where the number is out of range.</returns>
    public bool Route(ref THost host, uint context, uint source, ushort owner)
    {
        if (!CanRoute(source))
        {
            return false;
        }

        _lock.Acquire();
        // SAFETY: the source is below SourceLimit, checked above.
        _owners[source] = owner;
        // The hart that claims it may be another, and must find its owner.
        host.IoFence();
        _enable(ref _state, ref host, context, source);
        _lock.Release();
        return true;
    }

    /// <summary>Takes a source out of a context. Its owner stays known.</summary>
    internal void Disable(ref THost host, uint context, uint source)
    {
        if (CanRoute(source))
        {
            _lock.Acquire();
            _disable(ref _state, ref host, context, source);
            _lock.Release();
        }
    }

    /// <summary>Serves what interrupts a context: claims each source, hands it to its owner, completes it. A source of nobody's is turned off.</summary>
    /// <param name="host">The hart whose context it is.</param>
    /// <param name="context">The context.</param>
    /// <param name="owners">Who serves.</param>
    public void Serve<TOwners>(ref THost host, uint context, ref TOwners owners)
        where TOwners : struct, IInterruptOwners<THost>
    {
        // Bounded: a line that stays high traps again.
        for (var claims = 0; claims < ClaimsPerService; claims++)
        {
            var source = Claim(ref host, context);
            if (source == 0)
            {
                return;
            }

            // The owner is looked for after the claim: see Route.
            host.IoFence();
            // SAFETY: below SourceLimit, though the number comes from the host's PLIC: checked first.
            var owner = source < SourceLimit ? _owners[source] : (ushort)0;
            if (owner != 0)
            {
                owners.Serve(ref host, owner);
            }

            Complete(ref host, context, source);
            // Only now: a completion counts only for a source that is enabled (PLIC 1.0.0 §9).
            if (owner == 0)
            {
                Disable(ref host, context, source);
            }
        }
    }

    /// <summary>Claims the pending source of highest priority for a context.</summary>
    /// <returns>The source, or 0 where none is pending.</returns>
    internal uint Claim(ref THost host, uint context) => _claim(ref _state, ref host, context);

    /// <summary>Completes a claimed source: it can pend again.</summary>
    internal void Complete(ref THost host, uint context, uint source) => _complete(ref _state, ref host, context, source);

    private static void OpenContext<TPlic>(ref DriverState state, ref THost host, uint context)
        where TPlic : unmanaged, IHostPlic =>
        DriverState.As<TPlic>(ref state).OpenContext(ref host, context);

    private static void Enable<TPlic>(ref DriverState state, ref THost host, uint context, uint source)
        where TPlic : unmanaged, IHostPlic =>
        DriverState.As<TPlic>(ref state).Enable(ref host, context, source);

    private static void Disable<TPlic>(ref DriverState state, ref THost host, uint context, uint source)
        where TPlic : unmanaged, IHostPlic =>
        DriverState.As<TPlic>(ref state).Disable(ref host, context, source);

    private static uint Claim<TPlic>(ref DriverState state, ref THost host, uint context)
        where TPlic : unmanaged, IHostPlic =>
        DriverState.As<TPlic>(ref state).Claim(ref host, context);

    private static void Complete<TPlic>(ref DriverState state, ref THost host, uint context, uint source)
        where TPlic : unmanaged, IHostPlic =>
        DriverState.As<TPlic>(ref state).Complete(ref host, context, source);
}
