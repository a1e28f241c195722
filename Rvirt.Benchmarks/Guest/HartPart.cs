namespace Rvirt.Benchmarks.Guest;

/// <summary>What of the plugin's counts (guests/bench/count.c) a row shows.</summary>
internal enum HartPart
{
    /// <summary>What all harts execute.</summary>
    Whole,

    /// <summary>What the first one executes.</summary>
    Caller,

    /// <summary>What is executed from a function of the hypervisor on, until a guest goes on.</summary>
    Passage,

    /// <summary>What is executed around that, between two guests.</summary>
    Around,

    /// <summary>What the guest says itself.</summary>
    Printed,
}
