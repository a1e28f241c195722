namespace Rvirt.Tests.Hostile.Programs;

/// <summary>A descriptor of a split queue, and its place in its table (virtio 1.2 §2.7.5).</summary>
internal readonly record struct Descriptor(uint Index, ulong Address, uint Length, uint Flags, uint Next = 0);
