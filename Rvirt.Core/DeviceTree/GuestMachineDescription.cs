using System;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.DeviceTree;

/// <summary>What a guest's machine has, for <see cref="GuestDeviceTree"/>. Places and interrupt numbers are those of QEMU's virt board.</summary>
public ref struct GuestMachineDescription
{
    /// <summary>Harts, numbered from 0.</summary>
    public int HartCount;

    /// <summary>The hart that starts.</summary>
    public uint BootHart;

    /// <summary>Ticks per second of <c>time</c>.</summary>
    public uint TimebaseFrequency;

    /// <summary>The harts' extensions as an ISA string, for example <c>rv64imafdc_zicsr_zifencei</c>. <see cref="GuestIsa"/> makes it from the host's.</summary>
    public ReadOnlySpan<byte> Isa;

    /// <summary>The longest address translation the guest can select.</summary>
    public TranslationMode TranslationMode;

    /// <summary>Guest physical address of RAM.</summary>
    public ulong MemoryBase;

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

    /// <summary>Whether there is a 16550A UART at 0x10000000, interrupt 10.</summary>
    public bool HasUart;

    /// <summary>The UART's input clock in Hz.</summary>
    public uint UartClockFrequency;

    /// <summary>Whether there is a SiFive test device at 0x100000, through which the guest powers off and reboots.</summary>
    public bool HasTestDevice;

    /// <summary>Whether there is a Goldfish real-time clock at 0x101000, interrupt 11.</summary>
    public bool HasClock;

    /// <summary>The virtio-mmio slots that hold a device: bit n is the one at 0x10001000 + n * 0x1000, interrupt n + 1.</summary>
    public byte VirtioSlots;

    /// <summary>Interrupt sources of the PLIC (<c>riscv,ndev</c>).</summary>
    public uint PlicSources;
}
