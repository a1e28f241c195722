namespace Rvirt.Hypervisor.Monitor;

/// <summary>What a typed byte led to.</summary>
internal enum EditEvent
{
    /// <summary>The line goes on.</summary>
    None,

    /// <summary>The line is complete; it stays until the next byte.</summary>
    Line,

    /// <summary>The line was given up.</summary>
    Cancelled,

    /// <summary>What was typed is to be completed.</summary>
    Completion,
}
