using System;

namespace Rvirt.Tests.FakeHart.Hypervisor;

/// <summary>What a test may bend in the host under the hypervisor; all of it is what some hardware does.</summary>
public sealed class HostSeam
{
    /// <summary>Instructions behind the trapped one cannot be read, so that each trap emulates one.</summary>
    public bool OneAtATime { get; set; }

    /// <summary>Runs where the hypervisor waits for an interrupt and none is pending; it has to make one pending.</summary>
    public Action? Idle { get; set; }
}
