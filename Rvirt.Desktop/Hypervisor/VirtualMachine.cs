using System;
using System.Runtime.InteropServices;
using System.Text;
using Rvirt.Core.Memory;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;
using Rvirt.Devices.HostDrivers;
using Rvirt.Devices.Machine;
using Rvirt.Mmu;
using Rvirt.Reference;
using Rvirt.Reference.Assembly;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>A reference machine under the hypervisor: one guest, or one on each of its harts. The members of the first guest stand here too.</summary>
public sealed unsafe class VirtualMachine : IDisposable
{
    /// <summary>Guest physical address of a guest's RAM.</summary>
    public const ulong GuestBase = VirtualGuest.RamBase;

    /// <summary>Root index of the hypervisor's window on an Sv39 host, in a hole of Linux's map.</summary>
    public const int NarrowSlot = 258;

    private const ulong HostUart = 0x1000_0000, HostPlicBase = 0x0c00_0000, HostClock = 0x0010_1000, FirstSlot = 0x1000_1000, SlotStride = 0x1000;

    private const uint Timebase = 10_000_000;

    private readonly byte* _shared;

    /// <summary>Makes a machine with guests that have not started.</summary>
    /// <param name="guestRam">Bytes of each guest's RAM, a multiple of 2 MiB.</param>
    /// <param name="options">The host's harts.</param>
    /// <param name="hostMode">How the host translates.</param>
    /// <param name="attach">Attaches virtio devices to the host's slots before the guests' devices look for them.</param>
    /// <param name="guests">How many: guest n has hart n, and every slot whose number modulo the number of guests is n.</param>
    /// <param name="tables">Shadow tables of each guest.</param>
    /// <param name="foreignRam">Bytes of host RAM behind the last guest's that are nobody's, a multiple of 4096.</param>
    public VirtualMachine(
        ulong guestRam = 16 << 20,
        HartOptions? options = null,
        TranslationMode hostMode = TranslationMode.Sv57,
        Action<Machine>? attach = null,
        int guests = 1,
        int tables = 512,
        ulong foreignRam = 0)
    {
        options ??= new HartOptions();
        var stride = VirtualGuest.Overhead + guestRam;
        Machine = new Machine((stride * (ulong)guests) + foreignRam, guests, options);
        attach?.Invoke(Machine);
        Window = new PhysicalMemory((ulong)Machine.Ram - Machine.RamBase);

        // SAFETY: zeroed, freed in Dispose; the console, the PLIC's record and the clock stay in place.
        _shared = (byte*)NativeMemory.AllocZeroed(
            (nuint)(sizeof(ConsoleMultiplexer) + sizeof(HostPlic) + sizeof(HostGoldfishRtc)) + ConsoleMultiplexer.BytesNeeded(guests) + 64);
        var console = (ConsoleMultiplexer*)_shared;
        var plic = (HostPlic*)((nint)(_shared + sizeof(ConsoleMultiplexer) + 15) & ~15);
        var host = new FakeHost(Hart);
        var uart = default(HostUart16550);
        uart.Initialize(ref host, HostUart, 0);
        var clock = (HostGoldfishRtc*)(plic + 1);
        console->Initialize(uart, clock + 1, guests);
        plic->Initialize(HostPlicBase);
        clock->Initialize(HostClock, Timebase);

        var translation = Translation(hostMode, (ushort)((1 << options.AsidBits) - 1));
        Guests = new VirtualGuest[guests];
        for (var i = 0; i < guests; i++)
        {
            var address = Machine.RamBase + (stride * (ulong)i) + VirtualGuest.Overhead;
            var memory = new GuestMemory(GuestBase, guestRam, address, Window.Pointer(address));
            var guest = new VirtualGuest(Machine.Harts[i], i, memory, Window, translation, tables) { Ended = EndWithTheLast };
            Guests[i] = guest;
            console->Guest(i)->SetName(Encoding.ASCII.GetBytes($"guest{i}"));
            guest.Connect(DevicesOf(i), console, plic, clock);
            if (guests > 1)
            {
                Machine.RunOnThread(guest.Hart);
            }
        }
    }

    /// <summary>The host.</summary>
    public Machine Machine { get; }

    /// <summary>The hypervisor's view of physical memory.</summary>
    public PhysicalMemory Window { get; }

    /// <summary>All guests.</summary>
    public VirtualGuest[] Guests { get; }

    /// <summary>The first guest.</summary>
    public VirtualGuest Guest => Guests[0];

    /// <summary>The first guest's hart.</summary>
    public Hart Hart => Machine.Hart;

    /// <summary>From the first guest's RAM offset to the host's.</summary>
    public ulong GuestOffset => VirtualGuest.Overhead;

    /// <summary>The first guest's RAM.</summary>
    public GuestMemory Memory => Guest.Memory;

    /// <summary>The first guest's virtual hart.</summary>
    public ref VCpu VCpu => ref Guest.VCpu;

    /// <summary>The first guest's shadow page tables.</summary>
    public ref ShadowMmu Mmu => ref Guest.Mmu;

    /// <summary>The first guest's devices.</summary>
    public ref GuestBus<FakeHost> Bus => ref Guest.Bus;

    /// <summary>Why the first guest stopped, if it did.</summary>
    public StopReason? Stopped => Guest.Stopped;

    /// <summary>Traps that the hypervisor served for the first guest.</summary>
    public ulong Traps => Guest.Traps;

    /// <summary>Called after each trap of the first guest that was served, before the guest goes on.</summary>
    public Action? AfterTrap
    {
        get => Guest.AfterTrap;
        set => Guest.AfterTrap = value;
    }

    /// <summary>The first guest's RAM as a span.</summary>
    public Span<byte> GuestRam(ulong address, int length) => Guest.Ram(address, length);

    /// <summary>Assembles a program into a guest's RAM and starts the guest at it.</summary>
    public VirtualMachine Load(string source, ulong address = GuestBase, int guest = 0)
    {
        var code = Assembler.Assemble(source, address);
        code.CopyTo(Guests[guest].Ram(address, code.Length));
        return Start(address, 0, guest);
    }

    /// <summary>Puts a guest's virtual hart at an entry and enters it, as the hypervisor does after loading a guest.</summary>
    public VirtualMachine Start(ulong entry, ulong argument = 0, int guest = 0)
    {
        Machine.Resume();
        Guests[guest].Start(entry, argument);
        return this;
    }

    /// <summary>Runs host instructions until all guests have stopped, all wait for ever, or the number is reached.</summary>
    public ulong Run(ulong steps)
    {
        try
        {
            return Machine.Run(steps);
        }
        catch (IdleForeverException)
        {
            return 0;
        }
    }

    public void Dispose()
    {
        Machine.Dispose();
        foreach (var guest in Guests)
        {
            guest.Dispose();
        }

        NativeMemory.Free(_shared);
    }

    private HostTranslation Translation(TranslationMode mode, ushort maximumAsid)
    {
        var translation = HostTranslation.Of(mode, maximumAsid);
        if (!translation.TryMap(Machine.RamBase, Machine.RamSize))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), "the window does not reach the RAM");
        }

        return translation;
    }

    private GuestDevices DevicesOf(int guest)
    {
        var devices = GuestDevices.Standard(1);
        for (var slot = guest; slot < GuestDevices.MaxSlots; slot += Machine.Harts.Length)
        {
            var address = FirstSlot + (SlotStride * (ulong)slot);
            if (Machine.TryRead(null, address, 4, out _))
            {
                devices.Attach(slot, address, (uint)slot + 1);
            }
        }

        return devices;
    }

    private void EndWithTheLast()
    {
        if (Array.TrueForAll(Guests, guest => guest.Stopped is not null || guest.Hart.Stopped))
        {
            Machine.End(1);
        }
    }
}
