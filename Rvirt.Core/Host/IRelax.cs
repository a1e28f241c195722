namespace Rvirt.Core.Host;

/// <summary>Waiting for another hart without sleeping.</summary>
public interface IRelax
{
    /// <summary>Says that the hart has nothing to do but to wait for another one: between two looks at what that one writes.</summary>
    void Relax();
}
