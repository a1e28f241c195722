using System;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.DeviceTree;

/// <summary>What a guest's machine has, for <see cref="GuestDeviceTree"/>.</summary>
public ref struct GuestMachineDescription
{
    /// <summary>Its devices, where they are, and where RAM is.</summary>
    public GuestBoard Board;

    /// <summary>Harts, numbered from 0. The first one starts.</summary>
    public int HartCount;

    /// <summary>Ticks per second of <c>time</c>.</summary>
    public uint TimebaseFrequency;

    /// <summary>The harts' extensions as an ISA string, for example <c>rv64imafdc_zicsr_zifencei</c>. <see cref="GuestIsa"/> makes it from the host's.</summary>
    public ReadOnlySpan<byte> Isa;

    /// <summary>Bytes that a prefetch is for, where the harts have Zicbop; 0 where it is not known.</summary>
    public uint PrefetchBlock;

    /// <summary>The longest address translation the guest can select.</summary>
    public TranslationMode TranslationMode;

    /// <summary>Bytes of RAM.</summary>
    public ulong MemorySize;

    /// <summary>The kernel's command line, without a NUL; may be empty.</summary>
    public ReadOnlySpan<byte> BootArguments;

    /// <summary>Guest physical address of the initial RAM disk.</summary>
    public ulong InitrdStart;

    /// <summary>Guest physical address behind the initial RAM disk; there is none where it equals <see cref="InitrdStart"/>.</summary>
    public ulong InitrdEnd;

    /// <summary>Random bytes for the guest's generator; may be empty.</summary>
    public ReadOnlySpan<byte> RandomSeed;

    /// <summary>The virtio-mmio slots that hold a device, which alone are named: bit n is slot n.</summary>
    public byte VirtioSlots;
}
