using System;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.HostDrivers;

/// <summary>Driver of an SD card behind SiFive's SPI controller: of cards up to 2 GiB (SDSC) and up to 2 TiB (SDHC, SDXC), polled.</summary>
/// <remarks>
/// <para>Requests are done in the order in which they were given, in pieces of up to <see cref="PieceSectors"/> sectors, between which the card waits for a command.</para>
/// <para>All data go with their checksums: those that were wrong are asked for once more. A write is done when the card is busy with it no more, and still
/// answers; what it may find out while it is busy, it would tell by its status (CMD13) alone, which is not asked for: there are cards that do not know it.</para>
/// <para>A card that says nothing in time has failed that request; one that does so several times in a row is broken, as one that was pulled, for good.</para>
/// <para>Callers on several harts take a lock around it. Memory and data lie in the window. It is all compiled for size, as the wire is slower by far.</para>
/// </remarks>
[ColdPath]
public unsafe struct HostSpiSdCard : IHostDisk
{
    private const int RequestsMax = 64;
    private const uint PieceSectors = 8;

    // Bytes that one call may spend on waiting: about 0.1 ms on the wire.
    private const int LooksPerServe = 256;
    private const int SilencesMax = 4;

    // The fastest clock where the slot names none: cards take 25 MHz without being asked.
    private const uint HertzMax = 20_000_000;

    private const ulong OrderAt = RequestsMax * 24;
    private const ulong ScratchAt = 2048;

    private SdCard _card;
    private SdTransfer _transfer;
    private byte* _memory;
    private PhysicalMemory _window;
    private ulong _done;
    private uint _timebase;
    private uint _moved;
    private byte _given;
    private byte _finished;
    private byte _taken;
    private byte _silences;
    private bool _isRepeated;
    private bool _isBroken;

    /// <inheritdoc/>
    public static ReadOnlySpan<byte> Compatible => "sifive,spi0"u8;

    /// <inheritdoc/>
    public static ulong BytesNeeded => 4096;

    /// <inheritdoc/>
    public static bool IsPolled => true;

    /// <inheritdoc/>
    public readonly ulong Sectors => _card.Sectors;

    /// <inheritdoc/>
    public readonly bool IsReadOnly => _card.IsReadOnly;

    /// <inheritdoc/>
    public readonly bool HoldsBack => false;

    /// <inheritdoc/>
    public readonly int Requests => RequestsMax;

    // What was given and is not over.
    private readonly bool HasWork => _finished != _given;

    /// <summary>Finds the registers of a controller that has a slot for a card; others have other devices.</summary>
    /// <inheritdoc/>
    public static bool TryLocate(in FdtReader tree, FdtNode node, out ulong address, out ulong size)
    {
        address = 0;
        size = 0;
        return TrySlot(tree, node, out _) && tree.TryReg(node, 0, out address, out size);
    }

    /// <inheritdoc/>
    // SAFETY: the caller gives the memory away, which has room for all requests, their order, and a block.
    public bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio, ITime
    {
        this = default;
        _memory = memory;
        _window = window;
        _timebase = timebase;
        var (line, hertz) = (0UL, HertzMax);
        if (device.Exists && TrySlot(device.Tree, device.Node, out var slot))
        {
            device.Tree.TryReg(slot, 0, out line, out _);
            hertz = device.Tree.TryUInt32(slot, "spi-max-frequency"u8, out var fastest) ? Math.Min(fastest, hertz) : hertz;
        }

        return _card.TryStart(ref host, device.Base, (uint)Math.Min(line, uint.MaxValue), hertz, timebase, memory + ScratchAt);
    }

    /// <inheritdoc/>
    public bool TrySubmit<THost>(ref THost host, int request, uint type, ulong sector, ulong data, uint bytes)
        where THost : struct, IMmio, ITime
    {
        if (_isBroken)
        {
            return false;
        }

        *RequestAt(request) = new Request { Type = type, Sector = sector, Data = data, Bytes = bytes };
        *OrderOf(_given) = (byte)request;
        _done &= ~(1UL << request);
        _given++;
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>One call moves as many sectors as a piece has, and waits for no more than <see cref="LooksPerServe"/> bytes.</remarks>
    public void Serve<THost>(ref THost host)
        where THost : struct, IMmio, ITime
    {
        var looks = LooksPerServe;
        for (var room = PieceSectors; HasWork && !_isBroken && room > 0;)
        {
            var request = RequestAt(*OrderOf(_finished));
            var left = (request->Bytes / SdCard.BlockBytes) - _moved;
            if (left == 0 || request->Type > BlockRequest.Write)
            {
                // All before it is done, and nothing is held back. Whatever has no data is over as well.
                Finish(request->Type is BlockRequest.Flush or <= BlockRequest.Write);
                continue;
            }

            if (!_transfer.IsOpen)
            {
                _transfer.Open(ref host, ref _card, request->Type == BlockRequest.Write, request->Sector + _moved, Math.Min(left, room));
            }

            // What only has to end takes room as well, so that the loop does.
            room -= Math.Min(room, Math.Max(_transfer.Left, 1));
            // SAFETY: below the request's bytes, which are its data's.
            var outcome = _transfer.Continue(ref host, ref _card, _timebase, _window.Pointer(request->Data) + ((ulong)_moved * SdCard.BlockBytes), ref looks);
            if (outcome == SdOutcome.Waits)
            {
                return;
            }

            Judge(outcome, left);
        }
    }

    /// <inheritdoc/>
    public bool TryTake<THost>(ref THost host, out int request, out bool done)
        where THost : struct, IMmio, ITime
    {
        request = 0;
        done = false;
        if (_taken == _finished)
        {
            return false;
        }

        request = *OrderOf(_taken);
        done = ((_done >> request) & 1) != 0;
        _taken++;
        return true;
    }

    // The end of a piece of the first request, of which so many sectors were left before.
    private void Judge(SdOutcome outcome, uint left)
    {
        _isBroken = _card.IsLost;
        if (outcome == SdOutcome.Done && !_isBroken)
        {
            _silences = 0;
            _isRepeated = false;
            _moved += _transfer.Count;
            if (_transfer.Count == left)
            {
                Finish(isDone: true);
            }

            return;
        }

        _silences += outcome == SdOutcome.Silent ? (byte)1 : (byte)0;
        _isBroken |= _silences == SilencesMax;
        if (outcome == SdOutcome.Refused && !_isRepeated)
        {
            _isRepeated = true;
        }
        else
        {
            Finish(isDone: false);
        }

        if (_isBroken)
        {
            // Those that are left have failed: none of them is done.
            _finished = _given;
        }
    }

    private void Finish(bool isDone)
    {
        _done |= isDone ? 1UL << *OrderOf(_finished) : 0;
        _moved = 0;
        _isRepeated = false;
        _finished++;
    }

    // SAFETY: requests are below RequestsMax, and so many fit before OrderAt.
    private readonly Request* RequestAt(int request) => (Request*)_memory + request;

    // SAFETY: a byte for each of RequestsMax places, behind the requests.
    private readonly byte* OrderOf(byte place) => _memory + OrderAt + (place % RequestsMax);

    private static bool TrySlot(in FdtReader tree, FdtNode node, out FdtNode slot)
    {
        foreach (var child in tree.Children(node))
        {
            if (tree.IsCompatible(child, "mmc-spi-slot"u8) && tree.IsEnabled(child))
            {
                slot = child;
                return true;
            }
        }

        slot = default;
        return false;
    }

    /// <summary>What was asked for.</summary>
    private struct Request
    {
        public ulong Sector;
        public ulong Data;
        public uint Type;
        public uint Bytes;
    }
}
