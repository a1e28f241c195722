namespace Rvirt.Core.VirtualHart;

/// <summary>What goes on with a page fault once the MMU has answered. Implemented by a struct of two words at most, so that it travels in registers.</summary>
/// <remarks>
/// The MMU calls it last of all it does, in tail position, rather than return to its caller: what is known at once is inlined and followed
/// without a stack frame, and only the rest needs one.
/// </remarks>
public interface IFaultFollower
{
    /// <summary>Follows the answer that a device's register is there, where the MMU knows it without a look at the guest's tables.</summary>
    /// <param name="va">The faulting address.</param>
    /// <param name="guestAddress">Where the access, which is allowed, leads: a guest physical address, which is not RAM.</param>
    /// <returns>The virtual hart to enter next.</returns>
    ref VCpu FollowToDevice(ulong va, ulong guestAddress);

    /// <summary>Follows any other answer.</summary>
    /// <param name="va">The faulting address.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>The virtual hart to enter next.</returns>
    ref VCpu Follow(ulong va, FaultAnswer answer);
}
