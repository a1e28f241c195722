namespace Rvirt.Tests.SystemTests;

/// <summary>What a guest runs on.</summary>
public enum Firmware
{
    /// <summary>QEMU itself, without Rvirt: the reference, and the proof that the tests are right.</summary>
    Native,

    /// <summary>Rvirt with its own machine-mode part.</summary>
    Stub,

    /// <summary>The same, with resident guests.</summary>
    Resident,

    /// <summary>Rvirt above QEMU's own SBI firmware.</summary>
    Sbi,
}
