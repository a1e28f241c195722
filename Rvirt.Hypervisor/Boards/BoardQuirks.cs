using System;

namespace Rvirt.Hypervisor.Boards;

/// <summary>Where a board's harts are not what the specification says, and Rvirt goes around it.</summary>
[Flags]
public enum BoardQuirks
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>An <c>sfence.vma</c> that names an address or an address space may leave what it names: all fences are of everything.</summary>
    WholeFences = 1 << 0,

    /// <summary>
    /// PMP is asked for a whole page of a translation, so that none with an edge of PMP in it can be used: the window has pages of 2 MiB, and none of
    /// memory that is firmware's. The image's define <c>WINDOW_TABLES</c> has it begin so.
    /// </summary>
    WholePagePmp = 1 << 1,
}
