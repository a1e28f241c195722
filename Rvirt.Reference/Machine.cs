using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Reference.Harts;

namespace Rvirt.Reference;

/// <summary>A machine with QEMU virt's memory map: harts, RAM and devices, all deterministic.</summary>
// SAFETY: each span of RAM has been checked against its size; RAM is freed after the harts, which alone keep pointers to it.
public sealed unsafe class Machine : HartBoard, IDeviceMemory, IDisposable
{
    /// <summary>Where RAM starts.</summary>
    public const ulong DefaultRamBase = 0x8000_0000;

    private readonly List<(ulong Start, ulong Length, IDevice Device)> _devices = [];
    private readonly HartThread?[] _threads;

    /// <summary>Makes a machine.</summary>
    /// <param name="ramSize">Bytes of RAM, a multiple of 4096.</param>
    /// <param name="harts">Number of harts; hart 0 is <see cref="Hart"/>.</param>
    /// <param name="options">What the specification leaves open, for all harts.</param>
    public Machine(ulong ramSize = 16 << 20, int harts = 1, HartOptions? options = null)
        : base(DefaultRamBase, ramSize, harts)
    {
        Clint = new Clint(this, harts);
        Plic = new Plic(this, harts);
        Uart = new Uart16550(Plic, 10);
        Finisher = new TestFinisher(this);
        Rtc = new GoldfishRtc(this, Plic, 11);
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

    internal override ulong AlarmTick => Rtc.RingTick;

    internal override void UpdateAlarm(ulong tick) => Rtc.Update(tick);

    /// <summary>How many instructions each hart runs in turn when there is more than one.</summary>
    public ulong Slice { get; set; } = 50;

    /// <summary>Puts a device at an address. Where two overlap, the one that came first answers.</summary>
    /// <param name="start">Physical address of its first register.</param>
    /// <param name="length">Its bytes; an access answers only if all of it lies within.</param>
    /// <param name="device">The device; it sees offsets from <paramref name="start"/>.</param>
    public void Attach(ulong start, ulong length, IDevice device) => _devices.Add((start, length, device));

    /// <summary>Attaches a virtio device at one of QEMU virt's eight slots, from 0x10001000, interrupt 1 up.</summary>
    /// <param name="slot">0 to 7.</param>
    /// <param name="device">The device, which is on no machine yet.</param>
    /// <returns>The device.</returns>
    public VirtioMmio AttachVirtio(int slot, VirtioMmio device)
    {
        device.Connect(this, Plic, slot + 1);
        Attach(0x1000_1000 + (0x1000 * (ulong)slot), 0x200, device);
        return device;
    }

    /// <summary>RAM as a span.</summary>
    /// <param name="address">Physical address of its first byte.</param>
    /// <param name="length">Its bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not all of it is RAM.</exception>
    public Span<byte> Memory(ulong address, int length)
    {
        var offset = address - RamBase;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, RamSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)length, RamSize - offset);
        return new Span<byte>(Ram + offset, length);
    }

    /// <inheritdoc/>
    public bool IsRam(ulong address, ulong length) => address - RamBase < RamSize && length <= RamSize - (address - RamBase);

    /// <summary>Copies bytes to RAM.</summary>
    /// <param name="address">Physical address of the first.</param>
    /// <param name="bytes">The bytes; copies of instructions that a hart keeps are not changed.</param>
    public void Load(ulong address, ReadOnlySpan<byte> bytes) => bytes.CopyTo(Memory(address, bytes.Length));

    /// <summary>Reads a doubleword of RAM, little-endian.</summary>
    /// <param name="address">Its physical address, which need not be aligned.</param>
    public ulong Read64(ulong address) => MemoryMarshal.Read<ulong>(Memory(address, 8));

    /// <summary>Writes a doubleword of RAM, little-endian.</summary>
    /// <param name="address">Its physical address, which need not be aligned.</param>
    /// <param name="value">The doubleword.</param>
    public void Write64(ulong address, ulong value) => MemoryMarshal.Write(Memory(address, 8), value);

    /// <summary>Gives a hart a thread of its own, so that software in C# on it can wait for other harts.</summary>
    /// <param name="hart">The hart.</param>
    /// <param name="begin">What it does first, at its first turn.</param>
    public void RunOnThread(Hart hart, Action? begin = null) => _threads[hart.Id] ??= new HartThread(hart, begin);

    /// <inheritdoc/>
    public override bool TryWait(Hart hart)
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

        Passed += CyclesUntil(hart, next);
        return true;
    }

    /// <inheritdoc/>
    public override void Relax(Hart hart) =>
        (_threads[hart.Id] ?? throw new InvalidOperationException("a hart without a thread waits for another hart")).Relax();

    /// <summary>
    /// Runs up to a number of instructions per hart. Stops early when the run is over or when every hart waits and no timer is set.
    /// Time jumps ahead while all harts wait.
    /// </summary>
    /// <param name="steps">How many.</param>
    /// <returns>Instructions run by the busiest hart.</returns>
    public ulong Run(ulong steps)
    {
        var done = 0UL;
        while (done < steps && !Ended)
        {
            var slice = Harts.Length == 1 ? steps - done : Math.Min(Slice, steps - done);
            var longest = Harts.Length == 1 ? RunAlone(Hart, slice) : RunInTurn(slice);
            done += longest;
            if (longest == 0 && !Ended && !TrySkipIdle())
            {
                break;
            }
        }

        return done;
    }

    /// <summary>Runs one hart while all others stand still: for who chooses himself whose turn it is.</summary>
    /// <param name="hart">The hart.</param>
    /// <param name="steps">Instructions at most; the turn ends before where its software waits.</param>
    /// <returns>Instructions run.</returns>
    internal ulong RunAlone(Hart hart, ulong steps)
    {
        var made = RunSlice(hart, steps);
        Passed += made;
        hart.BeginSlice();
        return made;
    }

    private ulong RunInTurn(ulong slice)
    {
        var longest = 0UL;
        foreach (var hart in Harts)
        {
            longest = Math.Max(longest, RunSlice(hart, slice));
        }

        foreach (var hart in Harts)
        {
            hart.BeginSlice();
        }

        Passed += longest;
        return longest;
    }

    private ulong RunSlice(Hart hart, ulong slice)
    {
        hart.BeginSlice();
        return _threads[hart.Id] is { } thread ? thread.Run(slice) : hart.Run(slice);
    }

    /// <summary>Lets time pass until the next timer of a hart, where all wait.</summary>
    /// <returns>False where none is set.</returns>
    internal bool TrySkipIdle()
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

        Passed += CyclesUntil(Hart, next);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryRead(Hart? hart, ulong address, int size, out ulong value)
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

    /// <inheritdoc/>
    public override bool TryWrite(Hart? hart, ulong address, int size, ulong value)
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

    /// <summary>Ends the threads of harts and frees all memory; nothing of the machine may be used afterwards.</summary>
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

        FreeRam();
    }
}
