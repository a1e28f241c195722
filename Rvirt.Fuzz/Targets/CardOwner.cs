using System;
using System.Collections.Generic;
using System.Linq;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;
using Rvirt.Fuzz.Engine;
using Rvirt.Testing.Memory;

namespace Rvirt.Fuzz.Targets;

/// <summary>Who has an SD card and uses its driver, and holds it to what <see cref="IHostDisk"/> promises.</summary>
internal sealed unsafe class CardOwner : IDisposable
{
    public const int Requests = 64, MostSectors = 10;
    public const uint Read = 0, Write = 1, Flush = 4;

    private const uint Timebase = 1_000_000;
    private const int SectorBytes = 512, Page = 4096, Guard = 256;

    // A request's data, with what nobody may touch before and behind them: the last one's is a page.
    private const int SlotBytes = Guard + (MostSectors * SectorBytes) + Guard;
    private const int DriverAt = Page, SlotsAt = 3 * Page;
    private const ulong RamAt = 0x8000_0000;

    // What a start may take: about a second for the card to wake up, and a tenth for each of two tries of each of 33 blocks.
    private const ulong MostTime = 15 * (ulong)Timebase;
    private const long MostAccessesOfStart = 6_000_000;

    // Eight sectors, of which each byte takes two, and what begins, ends and waits.
    private const long MostAccessesOfServe = 12_000;
    private const int MostServes = 20_000;

    private readonly GuardedBuffer _memory = new(SlotsAt + (Requests * SlotBytes));
    private readonly PhysicalMemory _window;
    private readonly CardListener _listener;
    private readonly CardRegisters _registers;
    private readonly Queue<Request> _underWay = new();
    private readonly Dictionary<int, byte[]> _slots = [];
    private readonly HashSet<uint> _units = [1, SectorBytes];
    private HostSpiSdCard _driver;
    private bool _isStarted, _isStarting, _isBroken;

    public CardOwner(CardWire wire)
    {
        _window = new PhysicalMemory((ulong)_memory.Pointer - RamAt);
        _listener = new CardListener(Judge);
        _registers = new CardRegisters(wire, _listener);
        _memory.Span[..SlotsAt].Fill(0xa5);
    }

    /// <summary>Starts the driver, in memory that is zeroed. What was under way is forgotten.</summary>
    public void Start()
    {
        foreach (var request in _underWay.Where(request => request.Type == Read))
        {
            // It may have come in part.
            Data(request).CopyTo(_slots[request.Number].AsSpan(Guard));
        }

        _underWay.Clear();
        _memory.Span.Slice(DriverAt, Page).Clear();
        FuzzException.Require(HostSpiSdCard.BytesNeeded <= Page, "the driver needs more memory than it gets here");
        var host = new RegisterHost(_registers);
        var before = _registers.Time;
        Allow(MostAccessesOfStart);
        _registers.Begin();
        _units.UnionWith([1, SectorBytes]);
        _isStarting = true;
        _isStarted = _driver.TryStart(ref host, new HostDevice { Base = CardRegisters.At }, Timebase, _memory.Pointer + DriverAt, _window);
        _isStarting = false;
        _isBroken = false;
        FuzzException.Require(_registers.Time - before < MostTime, "it waits for the card too long");
        FuzzException.Require(!_isStarted || _driver.Sectors is > 0 and <= 1UL << 32, "a card with no sectors, or with more than have addresses");
    }

    /// <summary>Gives the driver a request, if that may be.</summary>
    /// <param name="number">The request's number.</param>
    /// <param name="type">What is to be done.</param>
    /// <param name="place">The first sector; from 128 on, counted from the end of the disk.</param>
    /// <param name="sectors">How many.</param>
    public void Submit(int number, uint type, byte place, uint sectors)
    {
        if (!_isStarted || sectors > _driver.Sectors || _underWay.Any(other => other.Number == number))
        {
            return;
        }

        var last = _driver.Sectors - sectors;
        var request = new Request(number, type, place < 128 ? Math.Min(place, last) : last - Math.Min(255UL - place, last), sectors, _registers.Given, _listener.Blocks);
        var slot = Slot(number);
        for (var i = 0; i < slot.Length; i++)
        {
            // No sector is as another.
            slot[i] = (byte)((i * 7) + (i >> 8) + number);
        }

        _slots[number] = slot.ToArray();
        Allow(0);
        var host = new RegisterHost(_registers);
        var given = _driver.TrySubmit(ref host, number, type, request.Sector, RamAt + SlotsAt + (ulong)((number * SlotBytes) + Guard), sectors * SectorBytes);
        FuzzException.Require(!given || !_isBroken, "a disk that is broken takes a request");
        _isBroken = !given;
        if (given)
        {
            _underWay.Enqueue(request);
        }
    }

    /// <summary>Serves the disk.</summary>
    /// <param name="pause">Ticks that go by before.</param>
    public void Serve(ulong pause)
    {
        if (_isStarted)
        {
            _registers.Time += pause;
            // One that is broken is left alone.
            Allow(_isBroken ? 0 : MostAccessesOfServe);
            var host = new RegisterHost(_registers);
            _driver.Serve(ref host);
        }
    }

    /// <summary>Takes a request that is over.</summary>
    public bool TryTake()
    {
        var host = new RegisterHost(_registers);
        Allow(0);
        if (!_isStarted || !_driver.TryTake(ref host, out var number, out var isDone))
        {
            return false;
        }

        FuzzException.Require(_underWay.TryDequeue(out var request) && request.Number == number, "a request is over that was not given, or before its turn");
        var data = Data(request!);
        FuzzException.Require(!isDone || request!.Type is Read or Write or Flush, "what no disk does is done");
        if (request!.Type == Read)
        {
            FuzzException.Require(!isDone || HasCome(request, data), "what was read did not come with its sum");
            data.CopyTo(_slots[number].AsSpan(Guard));
        }
        else if (request.Type == Write && isDone)
        {
            var written = data.ToArray();
            FuzzException.Require(_units.Any(unit => _listener.HasAccepted(request.Sector, unit, written, request.Blocks)), "what was written was not accepted");
        }

        FuzzException.Require(Slot(number).SequenceEqual(_slots[number]), "memory that is not a read's was written");
        return true;
    }

    /// <summary>Serves until a request is over, but not for ever.</summary>
    public void ServeUntilOver(int most, ulong pause)
    {
        for (; _underWay.Count > 0 && !TryTake() && most > 0; most--)
        {
            Serve(pause);
        }
    }

    /// <summary>All requests end; and memory is as it was, but for what the driver was given.</summary>
    public void Finish()
    {
        for (var serves = 0; _isStarted && _underWay.Count > 0; serves++)
        {
            FuzzException.Require(serves < MostServes, "a request never ends");
            if (!TryTake())
            {
                Serve(7 * (Timebase / 10));
            }
        }

        FuzzException.Require(!TryTake(), "a request is over twice");
        FuzzException.Require(_memory.Span[..DriverAt].IndexOfAnyExcept((byte)0xa5) < 0 && _memory.Span[(DriverAt + Page)..SlotsAt].IndexOfAnyExcept((byte)0xa5) < 0, "the driver wrote outside of its memory");
        for (var number = 0; number < Requests; number++)
        {
            FuzzException.Require(_slots.TryGetValue(number, out var slot) ? Slot(number).SequenceEqual(slot) : Slot(number).IndexOfAnyExcept((byte)0) < 0, "data were written that were no request's");
        }
    }

    public void Dispose() => _memory.Dispose();

    private Span<byte> Slot(int number) => _memory.Span.Slice(SlotsAt + (number * SlotBytes), SlotBytes);

    private Span<byte> Data(Request request) => Slot(request.Number).Slice(Guard, (int)request.Sectors * SectorBytes);

    private void Allow(long accesses) => _registers.MostAccesses = _registers.Accesses + accesses + 1;

    // A command that moves blocks is of a request's, in sectors or in bytes, and always in the same.
    private void Judge(int number, uint address)
    {
        if (number is not (17 or 18 or 24 or 25))
        {
            return;
        }

        if (_isStarting)
        {
            FuzzException.Require(number == 17, "a start that writes, or reads without end");
            return;
        }

        _units.RemoveWhere(unit => !_underWay.Any(request => request.Type == (number < 20 ? Read : Write)
            && address % unit == 0 && address / unit >= request.Sector && (address / unit) - request.Sector < request.Sectors));
        FuzzException.Require(_units.Count > 0, "sectors are moved that nobody asked for");
    }

    // Each sector behind the one before it: the token, the data, their sum.
    private bool HasCome(Request request, ReadOnlySpan<byte> data)
    {
        var from = request.Given;
        Span<byte> block = stackalloc byte[1 + SectorBytes + 2];
        for (; !data.IsEmpty; data = data[SectorBytes..])
        {
            var sum = PlainSum.OfBlock(data[..SectorBytes]);
            block[0] = 0xfe;
            data[..SectorBytes].CopyTo(block[1..]);
            (block[^2], block[^1]) = ((byte)(sum >> 8), (byte)sum);
            if (!_registers.HasGiven(block, ref from))
            {
                return false;
            }
        }

        return true;
    }

    // What was asked for, and what the driver had been given and the card had heard before it.
    private sealed record Request(int Number, uint Type, ulong Sector, uint Sectors, int Given, int Blocks);
}
