namespace Rvirt.Core.Host;

/// <summary>The way to the other harts.</summary>
public interface IInterprocessor
{
    /// <summary>Raises the supervisor software interrupt of other harts, named by hardware hart ids as in SBI calls (SBI 2.0 §3.1).</summary>
    /// <param name="mask">Bit n for the hart <paramref name="first"/> + n.</param>
    /// <param name="first">The hart that the lowest bit names.</param>
    void SendIpis(ulong mask, ulong first);
}
