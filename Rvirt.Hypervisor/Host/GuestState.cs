namespace Rvirt.Hypervisor.Host;

/// <summary>Where a guest is in its life.</summary>
internal enum GuestState
{
    /// <summary>It has not started yet.</summary>
    Created = 0,

    /// <summary>Its harts run.</summary>
    Running,

    /// <summary>It was asked to pause: some of its harts may still be loaded.</summary>
    Pausing,

    /// <summary>None of its harts is loaded, and it goes on where it is once it is resumed.</summary>
    Paused,

    /// <summary>None of its harts is loaded, and it is copied, or written over by a copy: it takes nothing before that is done.</summary>
    Copying,

    /// <summary>It ends, or starts again: some of its harts may still be loaded.</summary>
    Stopping,

    /// <summary>It has ended, and can start again.</summary>
    Stopped,

    /// <summary>It has ended, and a device of the host that does not stop may still write to its memory: that is never used again.</summary>
    Dead,
}
