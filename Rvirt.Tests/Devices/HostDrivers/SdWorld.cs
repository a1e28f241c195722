using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.HostDrivers;

/// <summary>An SD card, its controller, a driver of it, and memory.</summary>
internal sealed unsafe class SdWorld : IDisposable
{
    public const uint Timebase = 1_000_000;
    public const ulong DriverMemory = FakeMachine.RamBase + 0x1_0000;
    public const ulong DataMemory = FakeMachine.RamBase + 0x10_0000;
    public const uint Room = 0x1_1000;

    private readonly FakeMachine _machine = new(0x60_0000);
    private readonly SiFiveSpiModel.Host _host;
    private HostSpiSdCard _disk;

    public SdWorld(SdCardModel card)
        : this(card, card)
    {
    }

    public SdWorld(SdCardModel card, SiFiveSpiModel.IDevice device)
    {
        Card = card;
        Spi = new SiFiveSpiModel(device);
        _host = Spi.Hart;
    }

    public SdCardModel Card { get; }

    public SiFiveSpiModel Spi { get; }

    public ref HostSpiSdCard Disk => ref _disk;

    /// <summary>Nanoseconds that whoever waits does something else before it serves again.</summary>
    public ulong Away { get; set; }

    /// <summary>The most accesses that one call of <see cref="Serve"/> made.</summary>
    public int MostAccesses { get; private set; }

    public bool Start(HostDevice? device = null)
    {
        var host = _host;
        var memory = new Span<byte>(_machine.Pointer(DriverMemory), (int)HostSpiSdCard.BytesNeeded + 4096);
        memory[(int)HostSpiSdCard.BytesNeeded..].Fill(0xa5);
        var started = _disk.TryStart(ref host, device ?? new HostDevice { Base = SiFiveSpiModel.At }, Timebase, _machine.Pointer(DriverMemory), _machine.Window);
        if (memory[(int)HostSpiSdCard.BytesNeeded..].ContainsAnyExcept((byte)0xa5))
        {
            throw new InvalidOperationException("the driver wrote behind its memory");
        }

        return started;
    }

    /// <summary>Where the data of a request are; each has more than 64 KiB, and 4 KiB behind.</summary>
    public Span<byte> DataOf(int request) => new(_machine.Pointer(AddressOf(request)), (int)Room);

    public static ulong AddressOf(int request) => DataMemory + ((ulong)request * Room);

    public bool Submit(int request, uint type, ulong sector, uint bytes)
    {
        var host = _host;
        return _disk.TrySubmit(ref host, request, type, sector, AddressOf(request), bytes);
    }

    public void Serve()
    {
        var host = _host;
        var before = Spi.Accesses;
        _disk.Serve(ref host);
        MostAccesses = Math.Max(MostAccesses, Spi.Accesses - before);
    }

    public bool TryTake(out int request, out bool done)
    {
        var host = _host;
        return _disk.TryTake(ref host, out request, out done);
    }

    /// <summary>Serves until a request is over.</summary>
    public (int Request, bool Done) Finish()
    {
        for (var calls = 0; calls < 20_000; calls++)
        {
            if (TryTake(out var request, out var done))
            {
                return (request, done);
            }

            Serve();
            Spi.Nanoseconds += Away;
        }

        throw new InvalidOperationException("no request ever ends");
    }

    /// <summary>Does a request alone.</summary>
    public bool Do(uint type, ulong sector, uint bytes, int request = 0) => Submit(request, type, sector, bytes) && Finish() == (request, true);

    public void Dispose() => _machine.Dispose();
}
