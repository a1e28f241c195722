namespace Rvirt.Hypervisor.Monitor;

/// <summary>What came of a copy, and which virtio slot it is about.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Slot">The slot, for outcomes about devices.</param>
internal readonly record struct CopyAnswer(CopyOutcome Outcome, int Slot = 0);
