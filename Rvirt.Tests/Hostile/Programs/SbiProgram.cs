using System;
using System.Linq;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>SBI calls with every argument out of range. What each must return is written down from the specification (SBI 2.0).</summary>
internal sealed class SbiProgram
{
    private const ulong Base = 0x10;
    private const ulong Time = 0x54494d45;
    private const ulong Ipi = 0x735049;
    private const ulong Fence = 0x52464e43;
    private const ulong Hart = 0x48534d;
    private const ulong Reset = 0x53525354;
    private const ulong Console = 0x4442434e;
    private const ulong Counter = 0x504d55;
    private const ulong Suspend = 0x53555350;
    private const ulong NotSupported = unchecked((ulong)-2);
    private const ulong InvalidParameter = unchecked((ulong)-3);
    private const ulong InvalidAddress = unchecked((ulong)-5);
    private const ulong AlreadyAvailable = unchecked((ulong)-6);
    private const ulong AlreadyStopped = unchecked((ulong)-8);
    private const ulong NoSharedMemory = unchecked((ulong)-9);

    private static readonly ulong[] Odd =
    [
        0, 1, 2, 7, 63, 64, 0x1000, 0x7fff_ffff, 0x8000_0000, uint.MaxValue, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    private readonly Script _script = new();

    private SbiProgram()
    {
    }

    public static GuestProgram Build()
    {
        var program = new SbiProgram();
        program.Unknown();
        program.Masks();
        program.Ranges();
        program.Harts();
        program.Counters();
        program.Bytes();
        program.Legacy();
        return program._script.Build("sbi");
    }

    // Functions that no extension has, extensions that are not there, and probes for all of them.
    private void Unknown()
    {
        foreach (var (extension, first) in new[] { (Base, 7UL), (Time, 1UL), (Ipi, 1UL), (Fence, 7UL), (Hart, 4UL), (Reset, 1UL), (Console, 3UL), (Counter, 7UL), (Suspend, 1UL) })
        {
            _script.Text("functions ");
            foreach (var function in Odd.Where(f => f >= first).Prepend(first))
            {
                Call(extension, function, NotSupported, 0);
            }

            _script.Send();
        }

        _script.Text("extensions ");
        foreach (var extension in new ulong[] { 9, 11, 15, 17, uint.MaxValue, ulong.MaxValue, 1UL << 63, (1UL << 32) | Base, Base << 32 })
        {
            Call(extension, 0, NotSupported, 0);
        }

        _script.Send().Text("probes ");
        foreach (var extension in new ulong[] { 0, 8, 9, Base, Base + 1, Time, Ipi, Fence, Hart, Reset, Console, Counter, Suspend, (1UL << 32) | Time, ulong.MaxValue })
        {
            var there = extension is <= 8 or Base or Time or Ipi or Fence or Hart or Reset or Console or Counter or Suspend;
            Call(Base, 3, 0, there ? 1UL : 0, extension);
        }

        _script.Send().Text("identity ");
        for (var function = 4UL; function < 7; function++)
        {
            Call(Base, function, 0, 0, ulong.MaxValue);
        }

        _script.Send();
    }

    // Hart masks: the one hart there is is number 0.
    private void Masks()
    {
        foreach (var maskBase in Odd)
        {
            _script.Text("masks ");
            foreach (var mask in Odd)
            {
                var valid = maskBase == ulong.MaxValue || (maskBase == 0 && mask <= 1);
                Call(Ipi, 0, valid ? 0 : InvalidParameter, 0, mask, maskBase);
            }

            _script.Send();
        }

        foreach (var function in new ulong[] { 0, 1, 2 })
        {
            _script.Text("fence masks ");
            foreach (var maskBase in Odd)
            {
                Call(Fence, function, maskBase is 0 or ulong.MaxValue ? 0 : InvalidParameter, 0, 1, maskBase, 0, 0x1000, 0);
            }

            _script.Send();
        }

        // Fences of guests that a guest of ours cannot have.
        _script.Text("hypervisor fences ");
        for (var function = 3UL; function < 7; function++)
        {
            Call(Fence, function, NotSupported, 0, 1, 0, 0, 0x1000, 0);
        }

        _script.Send();
    }

    private void Ranges()
    {
        foreach (var function in new ulong[] { 1, 2 })
        {
            foreach (var start in new ulong[] { 0, 1, 0x8000_0000, 1UL << 38, ~0UL << 39, ulong.MaxValue - 0xfff, ulong.MaxValue })
            {
                _script.Text("ranges ");
                foreach (var size in Odd)
                {
                    var wraps = size != ulong.MaxValue && (UInt128)start + size > (UInt128)1 << 64;
                    Call(Fence, function, wraps ? InvalidAddress : 0, 0, 1, 0, start, size, function == 2 ? ulong.MaxValue : 0);
                }

                _script.Send();
            }
        }
    }

    private void Harts()
    {
        foreach (var (name, function) in new[] { ("start ", 0UL), ("status ", 2UL) })
        {
            _script.Text(name);
            foreach (var hart in Odd)
            {
                Call(Hart, function, hart != 0 ? InvalidParameter : function == 0 ? AlreadyAvailable : 0, 0, hart, ulong.MaxValue, ulong.MaxValue);
            }

            _script.Send();
        }

        // Retentive suspends would sleep, and so would the one that resumes in RAM.
        _script.Text("suspend ");
        foreach (var kind in new ulong[] { 1, 2, 0x0fff_ffff, 0x1000_0000, 0x7fff_ffff, 0x8000_0001, uint.MaxValue })
        {
            Call(Hart, 3, InvalidParameter, 0, kind, GuestProgram.RamBase, 0);
        }

        foreach (var entry in new ulong[] { 0, 0x1000_0000, GuestProgram.RamBase - 1, GuestProgram.RamEnd, 1UL << 63, ulong.MaxValue })
        {
            Call(Hart, 3, InvalidAddress, 0, 0x8000_0000, entry, 0);
        }

        foreach (var kind in new ulong[] { 1, 2, 0x7fff_ffff, 0x8000_0000, uint.MaxValue })
        {
            Call(Suspend, 0, InvalidParameter, 0, kind, GuestProgram.RamBase, 0);
        }

        foreach (var entry in new ulong[] { 0, 0x1000_0000, GuestProgram.RamBase - 1, GuestProgram.RamBase + 1, GuestProgram.RamEnd, 1UL << 63, ulong.MaxValue })
        {
            Call(Suspend, 0, InvalidAddress, 0, 0, entry, 0);
        }

        _script.Send().Text("reset ");
        foreach (var kind in new ulong[] { 3, 4, 0x7fff_ffff, 0xefff_ffff, 0xf000_0000, uint.MaxValue })
        {
            Call(Reset, 0, InvalidParameter, 0, kind, 0);
            Call(Reset, 0, InvalidParameter, 0, kind, 1);
        }

        foreach (var reason in new ulong[] { 2, 3, 0xefff_ffff, uint.MaxValue })
        {
            Call(Reset, 0, InvalidParameter, 0, 0, reason);
        }

        _script.Send();
    }

    // Performance counters, of which there are 16, all of firmware, none of them started.
    private void Counters()
    {
        const ulong SetTimer = 0xf0005;
        _script.Text("counters ");
        Call(Counter, 0, 0, 16, ulong.MaxValue);
        foreach (var counter in Odd)
        {
            Call(Counter, 1, counter < 16 ? 0 : InvalidParameter, counter < 16 ? 0x8000_0000_0003_f000UL : 0, counter);
            Call(Counter, 5, counter < 16 ? 0 : InvalidParameter, 0, counter);
            Call(Counter, 6, counter < 16 ? 0 : InvalidParameter, 0, counter);
        }

        _script.Send();
        foreach (var first in Odd)
        {
            _script.Text("counter sets ");
            foreach (var mask in Odd)
            {
                var valid = first < 16 && mask >> (int)(16 - first) == 0;
                Call(Counter, 3, valid ? NoSharedMemory : InvalidParameter, 0, first, mask, 2, 0);
                Call(Counter, 4, !valid ? InvalidParameter : mask == 0 ? 0 : AlreadyStopped, 0, first, mask, 1);
                Call(Counter, 2, valid ? NotSupported : InvalidParameter, 0, first, mask, 0, SetTimer | (1UL << 63), 0);
                Call(Counter, 2, InvalidParameter, 0, first, mask, ulong.MaxValue << 8, SetTimer, 0);
            }

            _script.Send();
        }

        _script.Text("events ");
        foreach (var kind in new ulong[] { 0, 1, 2, 0x10000, 0x20000, 0xf0000, 0xf0016, 0xf00ff, 0xf0200, 0xffffe, 0xfffff, 0x1f0005, ulong.MaxValue })
        {
            Call(Counter, 2, NotSupported, 0, 0, 0xffff, 0, kind, 0);
        }

        _script.Send();
    }

    // Buffers of the debug console: all in RAM, or refused.
    private void Bytes()
    {
        const ulong End = GuestProgram.RamEnd;
        foreach (var function in new ulong[] { 0, 1 })
        {
            _script.Text(function == 0 ? "write " : "read ");
            foreach (var (length, address, high) in new (ulong, ulong, ulong)[]
            {
                (1, 0, 0), (1, 0x1000_0000, 0), (1, GuestProgram.RamBase - 1, 0), (2, GuestProgram.RamBase - 1, 0), (1, End, 0), (2, End - 1, 0), (256, End - 255, 0),
                (GuestProgram.RamLength + 1, GuestProgram.RamBase, 0), (ulong.MaxValue, GuestProgram.RamBase, 0), (1UL << 63, GuestProgram.RamBase, 0),
                (ulong.MaxValue - GuestProgram.RamBase, GuestProgram.RamBase + 1, 0), (0, End, 0), (1, GuestProgram.RamBase, 1), (0, GuestProgram.RamBase, ulong.MaxValue),
            })
            {
                Call(Console, function, InvalidParameter, 0, length, address, high);
            }

            Call(Console, function, 0, 0, 0, GuestProgram.RamBase, 0);
            Call(Console, function, 0, 0, 0, End - 1, 0);
            _script.Send();
        }

        // The last byte of RAM, and all of RAM, of which one call carries what it will: zeros, which show nothing.
        _script.Text("write zeros ").Store(End - 8, 0);
        Call(Console, 0, 0, 1, 1, End - 1, 0);
        Call(Console, 2, 0, 0, ulong.MaxValue << 8, ulong.MaxValue, ulong.MaxValue);
        _script.Send();
    }

    // Legacy calls return in a0 alone.
    private void Legacy()
    {
        _script.Text("legacy ");
        Legacy(2, ulong.MaxValue);
        Legacy(5, 0, 0);
        foreach (var pointer in new ulong[] { 1, 0x1000_0000, GuestProgram.RamBase - 8, GuestProgram.RamEnd, GuestProgram.RamEnd - 4, ulong.MaxValue })
        {
            Legacy(4, InvalidAddress, pointer);
        }

        _script.Store(0x8070_0000, 2);
        Legacy(4, InvalidParameter, 0x8070_0000);
        Legacy(4, 0, 0);
        Legacy(3, 1);
        Legacy(3, 0);
        foreach (var (start, size) in new (ulong, ulong)[] { (0, 0), (0, ulong.MaxValue), (ulong.MaxValue, ulong.MaxValue), (1UL << 63, 1UL << 32) })
        {
            Legacy(6, 0, 0, start, size);
            Legacy(7, 0, 0, start, size, ulong.MaxValue);
        }

        Legacy(6, InvalidAddress, 0, ulong.MaxValue, 2);
        Legacy(0, 0, ulong.MaxValue);
        _script.Send();
    }

    private void Call(ulong extension, ulong function, ulong error, ulong value, params ReadOnlySpan<ulong> arguments) =>
        _script.Call(extension, function, arguments, error, value);

    private void Legacy(ulong extension, ulong result, params ReadOnlySpan<ulong> arguments) => _script.Call(extension, 0, arguments, result, null);
}
