namespace Rvirt.Core.Host;

/// <summary>The hart's timer interrupt.</summary>
public interface ITimer : ITime
{
    /// <summary>Raises this hart's supervisor timer interrupt once <c>time</c> reaches <paramref name="deadline"/>; clears a pending one. All ones means never.</summary>
    void SetTimer(ulong deadline);
}
