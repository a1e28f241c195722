using System;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>The hypervisor waits for an interrupt, and nothing that could raise one is left.</summary>
public sealed class IdleForeverException : Exception;
