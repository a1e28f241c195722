namespace Rvirt.Hypervisor.Host;

/// <summary>What can be asked of a guest from outside, on any hart.</summary>
internal enum LifeRequest
{
    /// <summary>Begin, or begin again after an end: memory is loaded anew.</summary>
    Start,

    /// <summary>Stand still, with all that it has.</summary>
    Pause,

    /// <summary>Go on after a pause.</summary>
    Resume,

    /// <summary>End and begin again.</summary>
    Restart,

    /// <summary>End, whatever it does.</summary>
    Kill,
}
