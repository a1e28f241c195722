using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Core.Memory;
using Rvirt.Devices.Plic;
using Rvirt.Devices.Uart;

namespace Rvirt.Testing.Devices;

/// <summary>A host with RAM, a PLIC, a UART and virtio devices, for the drivers and the mediation to work on.</summary>
/// <remarks>What no driver may do is an <see cref="InvalidOperationException"/>, so that the test that does it fails. One thread uses it.</remarks>
// SAFETY: RAM is allocated in the constructor, page-aligned within that, and freed in Dispose; whoever asks for a pointer names bytes within it.
public sealed unsafe class FakeMachine : IDeviceBoard, IDisposable
{
    /// <summary>Physical address of the first byte of RAM.</summary>
    public const ulong RamBase = 0x8000_0000;

    /// <summary>Physical address of the PLIC.</summary>
    public const ulong PlicBase = 0x0c00_0000;

    /// <summary>Physical address of the UART.</summary>
    public const ulong UartBase = 0x1000_0000;

    /// <summary>The UART's interrupt at the PLIC.</summary>
    public const uint UartSource = 10;

    /// <summary>The context of the PLIC that is S-mode's of the first hart.</summary>
    public const uint Context = 1;

    /// <summary>Physical address of the real-time clock, of which time alone can be read.</summary>
    public const ulong ClockBase = 0x0010_1000;

    /// <summary>Ticks of <c>time</c> in a second.</summary>
    public const uint Timebase = 10_000_000;

    private readonly byte* _allocation;
    private readonly byte* _ram;
    private readonly List<FakeVirtioDevice> _devices = [];
    private readonly List<(ulong Base, ulong Length)> _dma = [];

    /// <summary>The PLIC: the one that guests have is the host's here.</summary>
    public VirtualPlic Plic;

    /// <summary>The UART: the one that guests have is the host's here.</summary>
    public Uart16550 Uart;

    private bool _uartStalled;
    private byte _uartInterrupts;
    private int _uartSending;

    /// <summary>Makes a machine without virtio devices.</summary>
    /// <param name="ramBytes">Bytes of RAM.</param>
    public FakeMachine(ulong ramBytes)
    {
        // Zeroed pages that cost nothing until they are touched.
        _allocation = (byte*)NativeMemory.AllocZeroed((nuint)ramBytes + 4096);
        _ram = (byte*)(((nint)_allocation + 4095) & ~4095);
        Plic.Reset(2);
        Uart.Reset();
    }

    /// <summary>What was written to the UART, each byte a character.</summary>
    public StringBuilder Output { get; } = new();

    /// <summary>The terminal takes nothing: the transmitter stays full, and its interrupt low.</summary>
    public bool UartStalled
    {
        get => _uartStalled;
        set
        {
            _uartStalled = value;
            FillUart();
        }
    }

    /// <summary>Bytes take time: the transmitter's FIFO is full after 16 and empty when <see cref="SendFifo"/> says so; what is written into a full one is an error.</summary>
    public bool UartSlow { get; set; }

    /// <summary>The line has sent what was in the transmitter.</summary>
    public void SendFifo()
    {
        _uartSending = 0;
        FillUart();
    }

    private bool UartBusy => _uartStalled || (UartSlow && _uartSending != 0);

    /// <summary>What is typed and has not yet reached the UART's FIFO.</summary>
    public Queue<byte> Input { get; } = new();

    /// <summary>The harts that got an interrupt of another, by hardware id, in the order in which they were named.</summary>
    public List<ulong> Ipis { get; } = [];

    /// <summary>Ticks of <c>time</c>.</summary>
    public ulong Time { get; set; }

    /// <summary>Nanoseconds since 1970 on the real-time clock.</summary>
    public ulong Clock { get; set; } = 2_000_000_000_123_456_789;

    /// <summary>What the clock's upper half reads as: that of the last read of the lower one.</summary>
    private uint _clockHigh;

    /// <summary>Reads and writes of devices so far.</summary>
    public int MmioAccesses { get; set; }

    /// <summary>Called in the middle of each read, with its address.</summary>
    public Action<ulong>? Reading { get; set; }

    /// <summary>RAM as a hypervisor's window shows it.</summary>
    public PhysicalMemory Window => new((ulong)_ram - RamBase);

    /// <summary>A hart of the machine.</summary>
    public DeviceHost Host => new(this);

    /// <summary>A pointer into RAM.</summary>
    /// <param name="address">A physical address in RAM, which is not checked.</param>
    public byte* Pointer(ulong address) => _ram + (address - RamBase);

    /// <summary>Allows devices a range of RAM, beside those that they have.</summary>
    /// <param name="address">Physical address of its first byte.</param>
    /// <param name="length">Its bytes, all of them RAM.</param>
    public void AllowDma(ulong address, ulong length) => _dma.Add((address, length));

    /// <inheritdoc/>
    public byte* Dma(ulong address, ulong length)
    {
        foreach (var (start, bytes) in _dma)
        {
            if (address >= start && address - start < bytes && length <= bytes - (address - start))
            {
                return Pointer(address);
            }
        }

        throw new InvalidOperationException($"a device was told to touch {length} bytes at 0x{address:x}");
    }

    /// <summary>Whether the line status tells of a break when it is read next.</summary>
    public bool BreakTold { get; private set; }

    /// <inheritdoc/>
    public void SetLine(uint source, bool high) => Plic.SetLevel(source, high);

    /// <summary>Puts a virtio device at the address that it has.</summary>
    /// <param name="device">A device that was made for this machine.</param>
    public void Add(FakeVirtioDevice device) => _devices.Add(device);

    /// <summary>Types at the UART.</summary>
    /// <param name="text">What is typed, as UTF-8.</param>
    public void Type(string text)
    {
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            Input.Enqueue(b);
        }

        FillUart();
    }

    /// <summary>A break on the line. As QEMU's UART does it, the line status tells at once, the zero waits behind what came before.</summary>
    public void Break()
    {
        Uart.Receive(0);
        BreakTold = true;
        FillUart();
    }

    /// <summary>Reads a device's register.</summary>
    /// <param name="address">Its physical address.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <returns>What it holds, zero-extended.</returns>
    /// <exception cref="InvalidOperationException">No device is there, or none that can be read so.</exception>
    public ulong Read(ulong address, int size)
    {
        MmioAccesses++;
        Reading?.Invoke(address);
        if ((address & ((ulong)size - 1)) != 0)
        {
            throw new InvalidOperationException("misaligned access to a host device");
        }

        if (address - PlicBase < VirtualPlic.Size && size == 4 && Plic.TryRead((uint)(address - PlicBase), out var value))
        {
            return value;
        }

        if (address - UartBase < Uart16550.Size && size == 1)
        {
            var read = Uart.Read((uint)(address - UartBase));
            if (UartBusy && address - UartBase == 5)
            {
                read &= 0x9f;
            }

            if (BreakTold && address - UartBase == 5)
            {
                BreakTold = false;
                read |= 0x10;
            }

            FillUart();
            return read;
        }

        if (address - ClockBase < 8 && size == 4)
        {
            if (address == ClockBase)
            {
                _clockHigh = (uint)(Clock >> 32);
                return (uint)Clock;
            }

            return _clockHigh;
        }

        foreach (var device in _devices)
        {
            if (address - device.Base < 0x200)
            {
                return device.Read((uint)(address - device.Base), size);
            }
        }

        throw new InvalidOperationException($"read of 0x{address:x}, where the host has nothing");
    }

    /// <summary>Writes a device's register.</summary>
    /// <param name="address">Its physical address.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What is written.</param>
    /// <exception cref="InvalidOperationException">No device is there, or none that can be written so.</exception>
    public void Write(ulong address, int size, ulong value)
    {
        MmioAccesses++;
        if (address - PlicBase < VirtualPlic.Size && size == 4 && Plic.TryWrite((uint)(address - PlicBase), (uint)value))
        {
            return;
        }

        if (address - UartBase < Uart16550.Size && size == 1)
        {
            if (address - UartBase == 1)
            {
                _uartInterrupts = (byte)value;
            }

            if (Uart.Write((uint)(address - UartBase), (byte)value))
            {
                Output.Append((char)value);
                if (++_uartSending > Uart16550.FifoDepth && UartSlow)
                {
                    throw new InvalidOperationException("a byte was written into a full transmitter");
                }
            }

            FillUart();
            return;
        }

        foreach (var device in _devices)
        {
            if (address - device.Base < 0x200)
            {
                device.Write((uint)(address - device.Base), size, value);
                return;
            }
        }

        throw new InvalidOperationException($"write of 0x{address:x}, where the host has nothing");
    }

    /// <summary>Frees the RAM.</summary>
    public void Dispose() => NativeMemory.Free(_allocation);

    private void FillUart()
    {
        while (Uart.CanReceive && Input.TryDequeue(out var b))
        {
            Uart.Receive(b);
        }

        Plic.SetLevel(UartSource, UartBusy ? Uart.HasData && (_uartInterrupts & 1) != 0 : Uart.InterruptLine);
    }
}
