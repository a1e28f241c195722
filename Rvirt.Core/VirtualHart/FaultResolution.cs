namespace Rvirt.Core.VirtualHart;

/// <summary>What became of a page fault that the guest's access raised on the host.</summary>
public enum FaultResolution : byte
{
    /// <summary>The shadow tables now map the page: run the instruction again.</summary>
    Mapped,

    /// <summary>The guest's tables changed under the walk again and again: nothing is mapped, the instruction is to be run again.</summary>
    Contended,

    /// <summary>The guest's own tables forbid the access: the guest takes a page fault.</summary>
    GuestPageFault,

    /// <summary>The access, or the walk of the guest's tables, touches what is neither RAM nor a device: the guest takes an access fault.</summary>
    GuestAccessFault,

    /// <summary>The access is allowed and leads to a guest physical address that is not RAM: perhaps a device.</summary>
    NotMemory,

    /// <summary>The guest maps addresses that the hypervisor needs for itself on a host whose only mode is the guest's: the guest must stop.</summary>
    WindowCollision,
}
