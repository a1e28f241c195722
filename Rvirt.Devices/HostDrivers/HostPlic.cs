using Rvirt.Core.Host;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of the host's PLIC (PLIC 1.0.0), and the record of whom each interrupt source belongs to.</summary>
/// <remarks>
/// Routing is by harts: a source is enabled in the context of the hart that serves its owner, and in no other. Each hart claims from its own
/// context; who owns what is written by <see cref="Route"/> under the lock, before the source is enabled anywhere.
/// </remarks>
public unsafe struct HostPlic
{
    /// <summary>Sources that can be routed: numbers 1 to this minus one.</summary>
    public const int SourceLimit = 128;

    private const ulong EnableOffset = 0x2000;
    private const ulong EnableStride = 0x80;
    private const ulong ContextOffset = 0x20_0000;
    private const ulong ContextStride = 0x1000;
    private const ulong ClaimOffset = 4;
    private const int ClaimsPerService = 16;

    private TicketLock _lock;
    private ulong _base;
    private fixed ushort _owners[SourceLimit];

    /// <summary>Names the PLIC. All sources are nobody's.</summary>
    /// <param name="address">Physical address of its registers.</param>
    public void Initialize(ulong address)
    {
        this = default;
        _base = address;
    }

    /// <summary>Opens a hart's context: no source enabled, threshold 0. Each hart does this once before it takes external interrupts.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="context">Context number of the hart's S-mode, from the device tree.</param>
    public readonly void OpenContext<THost>(ref THost host, uint context)
        where THost : struct, IMmio
    {
        for (var word = 0u; word < SourceLimit / 32; word++)
        {
            host.Write32(_base + EnableOffset + (EnableStride * context) + (4 * word), 0);
        }

        host.Write32(_base + ContextOffset + (ContextStride * context), 0);
    }

    /// <summary>Whether a source's number is one that can be routed: 1 to <see cref="SourceLimit"/> - 1.</summary>
    public static bool CanRoute(uint source) => source - 1 < SourceLimit - 1;

    /// <summary>Gives a source to an owner and routes it to a context, with priority 1.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="context">Context of the hart that serves the owner.</param>
    /// <param name="source">1 to <see cref="SourceLimit"/> - 1.</param>
    /// <param name="owner">The number by which <see cref="Serve"/> names the owner; not 0.</param>
    /// <returns>False where the number is out of range.</returns>
    public bool Route<THost>(ref THost host, uint context, uint source, ushort owner)
        where THost : struct, IMmio
    {
        if (!CanRoute(source))
        {
            return false;
        }

        _lock.Acquire();
        // SAFETY: the source is below SourceLimit, checked above.
        _owners[source] = owner;
        host.Write32(_base + (4 * source), 1);
        SetEnable(ref host, context, source, true);
        _lock.Release();
        return true;
    }

    /// <summary>Takes a source out of a context. Its owner stays known.</summary>
    public void Disable<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio
    {
        if (CanRoute(source))
        {
            _lock.Acquire();
            SetEnable(ref host, context, source, false);
            _lock.Release();
        }
    }

    /// <summary>Serves what interrupts a context: claims each source, hands it to its owner, completes it. A source of nobody's is turned off.</summary>
    /// <param name="host">The hart whose context it is.</param>
    /// <param name="context">The context.</param>
    /// <param name="owners">Who serves.</param>
    public void Serve<THost, TOwners>(ref THost host, uint context, ref TOwners owners)
        where THost : struct, IMmio
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
    public readonly uint Claim<THost>(ref THost host, uint context)
        where THost : struct, IMmio
        => host.Read32(_base + ContextOffset + (ContextStride * context) + ClaimOffset);

    /// <summary>Completes a claimed source: it can pend again.</summary>
    public readonly void Complete<THost>(ref THost host, uint context, uint source)
        where THost : struct, IMmio
        => host.Write32(_base + ContextOffset + (ContextStride * context) + ClaimOffset, source);

    private readonly void SetEnable<THost>(ref THost host, uint context, uint source, bool on)
        where THost : struct, IMmio
    {
        var address = _base + EnableOffset + (EnableStride * context) + (4 * (source / 32));
        var bit = 1u << (int)(source % 32);
        var enables = host.Read32(address);
        host.Write32(address, on ? enables | bit : enables & ~bit);
    }
}
