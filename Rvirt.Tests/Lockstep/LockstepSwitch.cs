namespace Rvirt.Tests.Lockstep;

/// <summary>What happens to the virtual hart after each trap.</summary>
public enum LockstepSwitch
{
    /// <summary>It stays where it is.</summary>
    None,

    /// <summary>It is put down, all of its hart that is nobody's then is spoilt, and it is loaded there again.</summary>
    Same,

    /// <summary>So it is, and loaded on the other hart of two.</summary>
    Other,
}
