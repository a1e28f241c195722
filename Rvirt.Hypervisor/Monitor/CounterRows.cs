using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The counters of <see cref="TrapCounters"/> by their place, with their names.</summary>
internal static class CounterRows
{
    /// <summary>Number of counters.</summary>
    public static int Count => Unsafe.SizeOf<TrapCounters>() / sizeof(ulong);

    /// <summary>What a counter counts.</summary>
    public static ReadOnlySpan<byte> Name(int counter) => counter switch
    {
        0 => "emulated"u8,
        1 => "sbi-calls"u8,
        2 => "page-faults"u8,
        3 => "mmio"u8,
        4 => "exceptions"u8,
        5 => "interrupts"u8,
        6 => "host-interrupts"u8,
        7 => "timers-set"u8,
        _ => default,
    };

    /// <summary>A counter.</summary>
    /// <param name="counters">All of them.</param>
    /// <param name="counter">0 to <see cref="Count"/> - 1.</param>
    // SAFETY: the struct is nothing but Count doublewords, and the counter was compared with that.
    public static ulong Value(in TrapCounters counters, int counter) =>
        (uint)counter < (uint)Count ? Unsafe.Add(ref Unsafe.As<TrapCounters, ulong>(ref Unsafe.AsRef(in counters)), counter) : 0;

    /// <summary>How often the virtual hart left its guest: each trap is one of these causes; what it led to, exceptions and interrupts for the guest, is not a further one.</summary>
    public static ulong Sum(in TrapCounters counters) =>
        counters.Emulated + counters.SbiCalls + counters.PageFaults + counters.HostInterrupts;
}
