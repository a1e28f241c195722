using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Reference.Harts;

namespace Rvirt.Reference;

/// <summary>A machine with QEMU virt's memory map: harts, RAM and devices, all deterministic.</summary>
public sealed unsafe class Machine : IDeviceMemory, IDisposable
{
    /// <summary>Where RAM starts.</summary>
    public const ulong DefaultRamBase = 0x8000_0000;

    private readonly List<(ulong Start, ulong Length, IDevice Device)> _devices = [];
    private readonly byte* _allocation;
    private readonly HartThread?[] _threads;
    private ulong _cycles;

    /// <summary>Makes a machine.</summary>
    /// <param name="ramSize">Bytes of RAM, a multiple of 4096.</param>
    /// <param name="harts">Number of harts; hart 0 is <see cref="Hart"/>.</param>
    /// <param name="options">What the specification leaves open, for all harts.</param>
    public Machine(ulong ramSize = 16 << 20, int harts = 1, HartOptions? options = null)
    {
        RamSize = ramSize;
        // SAFETY: freed in Dispose; 2 MiB more than needed, so that the block can be aligned like a superpage.
        _allocation = (byte*)NativeMemory.AllocZeroed((nuint)ramSize + (2 << 20));
        Ram = (byte*)(((ulong)_allocation + 0x1f_ffff) & ~0x1f_ffffUL);
        Clint = new Clint(this, harts);
        Plic = new Plic(this, harts);
        Uart = new Uart16550(this, 10);
        Finisher = new TestFinisher(this);
        Rtc = new GoldfishRtc(this, 11);
        Harts = new Hart[harts];
        _threads = new HartThread?[harts];
        for (var i = 0; i < harts; i++)
        {
            Harts[i] = new Hart(this, i, options ?? new HartOptions());
        }

        Attach(0x0010_0000, 0x1000, Finisher);
        Attach(0x0010_1000, 0x24, Rtc);
        Attach(0x0200_0000, 0x1_0000, Clint);
        Attach(0x0c00_0000, 0x60_0000, Plic);
        Attach(0x1000_0000, 0x100, Uart);
    }

    /// <summary>Guest physical address of the first byte of RAM.</summary>
    public ulong RamBase => DefaultRamBase;

    /// <summary>Bytes of RAM.</summary>
    public ulong RamSize { get; }

    /// <summary>The RAM itself, aligned to 2 MiB and never moved.</summary>
    public byte* Ram { get; }

    /// <summary>All harts.</summary>
    public Hart[] Harts { get; }

    /// <summary>The first hart.</summary>
    public Hart Hart => Harts[0];

    /// <summary>Timer and software interrupts.</summary>
    public Clint Clint { get; }

    /// <summary>External interrupts.</summary>
    public Plic Plic { get; }

    /// <summary>The console.</summary>
    public Uart16550 Uart { get; }

    /// <summary>The time of day.</summary>
    public GoldfishRtc Rtc { get; }

    /// <summary>The device that ends the run.</summary>
    public TestFinisher Finisher { get; }

    /// <summary>
    /// Where set, what <c>time</c>, <c>cycle</c> and <c>instret</c> read: two machines that run the same program with different
    /// numbers of instructions can so be given the same clock.
    /// </summary>
    public ulong? Clock { get; set; }

    /// <summary>How many instructions of a hart make one tick of <c>time</c>.</summary>
    public ulong CyclesPerTick { get; set; } = 10;

    /// <summary>Set when the run is over: the reason as the test finisher reports it (0x5555 pass, 0x7777 reset, code &lt;&lt; 16 | 0x3333 fail).</summary>
    public uint? Outcome { get; private set; }

    /// <summary>Whether the run is over.</summary>
    public bool Ended => Outcome.HasValue;

    /// <summary>How many instructions each hart runs in turn when there is more than one.</summary>
    public ulong Slice { get; set; } = 50;

    /// <summary>Ends the run.</summary>
    public void End(uint outcome)
    {
        Outcome = outcome;
        foreach (var hart in Harts)
        {
            hart.Attention();
        }
    }

    /// <summary>Forgets the end of a run, so that the machine can start again.</summary>
    public void Resume() => Outcome = null;

    /// <summary>Puts a device at an address.</summary>
    public void Attach(ulong start, ulong length, IDevice device) => _devices.Add((start, length, device));

    /// <summary>Attaches a virtio device at one of QEMU virt's eight slots, from 0x10001000, interrupt 1 up.</summary>
    public VirtioMmio AttachVirtio(int slot, VirtioMmio device)
    {
        device.Connect(this, slot + 1);
        Attach(0x1000_1000 + (0x1000 * (ulong)slot), 0x200, device);
        return device;
    }

    /// <summary>RAM as a span.</summary>
    public Span<byte> Memory(ulong address, int length)
    {
        var offset = address - RamBase;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, RamSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)length, RamSize - offset);
        return new Span<byte>(Ram + offset, length);
    }

    /// <summary>Whether a range is RAM.</summary>
    public bool IsRam(ulong address, ulong length) => address - RamBase < RamSize && length <= RamSize - (address - RamBase);

    /// <summary>Copies bytes to RAM.</summary>
    public void Load(ulong address, ReadOnlySpan<byte> bytes) => bytes.CopyTo(Memory(address, bytes.Length));

    /// <summary>Reads an aligned doubleword of RAM.</summary>
    public ulong Read64(ulong address) => MemoryMarshal.Read<ulong>(Memory(address, 8));

    /// <summary>Writes a doubleword of RAM.</summary>
    public void Write64(ulong address, ulong value) => MemoryMarshal.Write(Memory(address, 8), value);

    /// <summary>The value of <c>time</c> and <c>mtime</c> as a hart sees it.</summary>
    public ulong Time(Hart? hart) => Clock ?? ((_cycles + (hart?.SliceCycles ?? 0)) / CyclesPerTick);

    /// <summary>Instructions of a hart until a tick, at least 0.</summary>
    internal ulong CyclesUntil(Hart hart, ulong tick)
    {
        if (tick > ulong.MaxValue / CyclesPerTick)
        {
            return ulong.MaxValue;
        }

        var at = tick * CyclesPerTick;
        var now = _cycles + hart.SliceCycles;
        return at > now ? at - now : 0;
    }

    /// <summary>Gives a hart a thread of its own, so that software in C# on it can wait for other harts.</summary>
    /// <param name="hart">The hart.</param>
    /// <param name="begin">What it does first, at its first turn.</param>
    public void RunOnThread(Hart hart, Action? begin = null) => _threads[hart.Id] ??= new HartThread(hart, begin);

    /// <summary>
    /// For software in C# that has nothing to do until an interrupt: lets time pass until the hart's next timer, or, where the hart has a
    /// thread, lets the other harts run. May return early.
    /// </summary>
    /// <returns>False where nothing is left that could end the wait.</returns>
    public bool TryWait(Hart hart)
    {
        if (_threads[hart.Id] is { } thread)
        {
            thread.Wait();
            return true;
        }

        var next = hart.NextTimer;
        if (next == ulong.MaxValue)
        {
            return false;
        }

        _cycles += CyclesUntil(hart, next);
        return true;
    }

    /// <summary>For software in C# that waits for what another hart writes: lets the others run. Without a thread for the hart none could.</summary>
    public void Relax(Hart hart) =>
        (_threads[hart.Id] ?? throw new InvalidOperationException("a hart without a thread waits for another hart")).Relax();

    /// <summary>
    /// Runs up to a number of instructions per hart. Stops early when the run is over or when every hart waits and no timer is set.
    /// Time jumps ahead while all harts wait.
    /// </summary>
    /// <returns>Instructions run by the busiest hart.</returns>
    public ulong Run(ulong steps)
    {
        var done = 0UL;
        while (done < steps && !Ended)
        {
            var slice = Harts.Length == 1 ? steps - done : Math.Min(Slice, steps - done);
            var longest = 0UL;
            foreach (var hart in Harts)
            {
                hart.BeginSlice();
                longest = Math.Max(longest, _threads[hart.Id] is { } thread ? thread.Run(slice) : hart.Run(slice));
                if (Harts.Length == 1)
                {
                    _cycles += longest;
                    hart.BeginSlice();
                }
            }

            if (Harts.Length > 1)
            {
                foreach (var hart in Harts)
                {
                    hart.BeginSlice();
                }

                _cycles += longest;
            }

            done += longest;
            if (longest == 0 && !Ended && !SkipIdle())
            {
                break;
            }
        }

        return done;
    }

    private bool SkipIdle()
    {
        var next = ulong.MaxValue;
        foreach (var hart in Harts)
        {
            if (!hart.Stopped)
            {
                next = Math.Min(next, hart.NextTimer);
            }
        }

        if (next == ulong.MaxValue)
        {
            return false;
        }

        _cycles += CyclesUntil(Hart, next);
        return true;
    }

    /// <summary>Reads a device register. Accesses are aligned.</summary>
    public bool TryRead(Hart? hart, ulong address, int size, out ulong value)
    {
        foreach (var (start, length, device) in _devices)
        {
            if (address - start < length && (ulong)size <= length - (address - start))
            {
                return device.TryRead(hart, address - start, size, out value);
            }
        }

        value = 0;
        return false;
    }

    /// <summary>Writes a device register.</summary>
    public bool TryWrite(Hart? hart, ulong address, int size, ulong value)
    {
        foreach (var (start, length, device) in _devices)
        {
            if (address - start < length && (ulong)size <= length - (address - start))
            {
                return device.TryWrite(hart, address - start, size, value);
            }
        }

        return false;
    }

    public void Dispose()
    {
        foreach (var thread in _threads)
        {
            thread?.Dispose();
        }

        foreach (var hart in Harts)
        {
            hart.Dispose();
        }

        // SAFETY: allocated in the constructor; harts are gone.
        NativeMemory.Free(_allocation);
    }
}
