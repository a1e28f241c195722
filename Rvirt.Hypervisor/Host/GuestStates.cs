namespace Rvirt.Hypervisor.Host;

/// <summary>Which request a guest takes in which state.</summary>
internal static class GuestStates
{
    /// <summary>Whether a guest has begun and not ended.</summary>
    internal static bool IsAlive(this GuestState state) => state is not (GuestState.Created or GuestState.Stopped or GuestState.Dead);

    /// <summary>Whether a guest in this state takes a request; otherwise nothing happens.</summary>
    internal static bool Takes(this GuestState state, LifeRequest request) => request switch
    {
        LifeRequest.Start => state is GuestState.Created or GuestState.Stopped,
        LifeRequest.Pause => state is GuestState.Running,
        LifeRequest.Resume => state is GuestState.Pausing or GuestState.Paused,
        LifeRequest.Restart or LifeRequest.Kill => state is GuestState.Running or GuestState.Pausing or GuestState.Paused,
        _ => false,
    };
}
