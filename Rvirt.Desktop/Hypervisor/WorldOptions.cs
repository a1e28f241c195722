using System;
using Rvirt.Core.Privileged;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>The host of a <see cref="GuestWorld"/>.</summary>
public sealed record WorldOptions
{
    /// <summary>What the specification leaves open, for all harts.</summary>
    public HartOptions Harts { get; init; } = new();

    /// <summary>Harts beyond one for each guest; below zero where guests have to share them.</summary>
    public int MoreHarts { get; init; }

    /// <summary>How they translate for the hypervisor.</summary>
    public TranslationMode Mode { get; init; } = TranslationMode.Sv57;

    /// <summary>Attaches virtio devices, and does whatever else a machine needs before the hypervisor finds it.</summary>
    public Action<Machine>? Attach { get; init; }

    /// <summary>Bytes of RAM beyond what hypervisor and guests need, a multiple of 4096.</summary>
    public ulong MoreRam { get; init; }

    /// <summary>Shadow tables that the first guest makes do with; null: as many as its memory asks for.</summary>
    public int? Tables { get; init; }
}
