namespace Rvirt.Core.Host;

/// <summary>The platform's time.</summary>
public interface ITime
{
    /// <summary>Reads <c>time</c>, in ticks of the platform's timebase.</summary>
    ulong ReadTime();
}
