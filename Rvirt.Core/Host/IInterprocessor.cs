namespace Rvirt.Core.Host;

/// <summary>The way to the other harts.</summary>
public interface IInterprocessor
{
    /// <summary>Raises the supervisor software interrupt of another hart, named by its hardware hart id.</summary>
    void SendIpi(ulong hartId);
}
