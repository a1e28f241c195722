using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Desktop.Hypervisor;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Devices.Virtio;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Running;

/// <summary>A guest that runs on the reference machine for a person to watch.</summary>
internal sealed class GuestRun : IDisposable
{
    private const ulong Chunk = 2_000_000;

    /// <summary>Harts take turns; a change costs as much as thousands of instructions.</summary>
    private const ulong HartSlice = 20_000;

    private readonly RunSettings _settings;
    private readonly List<SnapshotDisk> _disks = [];
    private readonly Machine _machine;
    private readonly GuestWorld? _world;
    private readonly ConsoleView _view;

    private GuestRun(RunSettings settings)
    {
        _settings = settings;
        if (settings.Guests is < 1 or > 4 || (settings.Native && settings.Guests != 1))
        {
            throw new FormatException("--guests is 1 to 4, and 1 with --native");
        }

        var payload = new GuestPayload(File.ReadAllBytes(settings.Kernel))
        {
            Initrd = settings.Initrd is { } initrd ? File.ReadAllBytes(initrd) : [],
            Arguments = settings.Arguments,
            Memory = settings.Memory,
        };
        var options = settings.Strict ? HartOptions.Strict : new HartOptions();
        if (settings.Native)
        {
            _machine = new Machine(settings.Memory, options: options);
            Attach(_machine);
            payload.StartOn(_machine);
        }
        else
        {
            var guests = Enumerable.Range(0, settings.Guests).Select(guest => payload with { Slots = SlotsOf(guest) });
            _world = new GuestWorld(new WorldOptions { Harts = options, Attach = Attach }, [.. guests]);
            _machine = _world.Machine;
            _machine.Slice = HartSlice;
        }

        _view = new ConsoleView(_machine, settings.Until);
        foreach (var reply in settings.Replies)
        {
            var at = reply.IndexOf('=', StringComparison.Ordinal);
            if (at < 0)
            {
                throw new FormatException($"--type takes PROMPT=TEXT, not {reply}");
            }

            _machine.Uart.Expect(reply[..at], reply[(at + 1)..] + "\n");
        }
    }

    /// <summary>Loads and starts the guest.</summary>
    public static GuestRun Start(RunSettings settings) => new(settings);

    /// <summary>Runs until the end, and reports it.</summary>
    /// <returns>The exit status: 0 where the guest powered off or said what was waited for.</returns>
    public int ToTheEnd()
    {
        var watch = Stopwatch.StartNew();
        var before = Environment.CpuUsage.TotalTime;
        while (!_machine.Ended && !_view.Found && Instructions < _settings.Limit)
        {
            var done = _world?.Run(Chunk) ?? _machine.Run(Chunk);
            _view.Progress(Instructions, watch.Elapsed, Traps);
            if (done == 0 && !_machine.Ended)
            {
                break;
            }
        }

        _view.End();
        var good = _view.Found || (_settings.Until is null && PoweredOff);
        var processor = Environment.CpuUsage.TotalTime - before;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"desktop: {(_settings.Native ? "natively" : "under Rvirt")}: {Describe()} after {Instructions / 1e6:F0} million instructions{TrapText()}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"desktop: {watch.Elapsed.TotalSeconds:F1} s, {processor.TotalSeconds:F1} s of processor time: {Instructions / processor.TotalSeconds / 1e6:F0} million instructions a second"));
        return good ? 0 : 1;
    }

    public void Dispose()
    {
        _machine.Dispose();
        foreach (var disk in _disks)
        {
            disk.Dispose();
        }
    }

    private ulong Instructions => _machine.Harts.Aggregate(0UL, (sum, hart) => sum + hart.Cycles);

    private bool PoweredOff => _world is null ? _machine.Outcome == TestFinisher.Pass : _world.Guests.All(guest => guest.Stopped == StopReason.Shutdown);

    private uint[] SlotsOf(int guest) =>
        _settings.Disk is null ? [(uint)guest] : [(uint)guest, (uint)(_settings.Guests + guest)];

    // Of N guests, the disks come first and then the entropy devices.
    private void Attach(Machine machine)
    {
        for (var guest = 0; guest < _settings.Guests; guest++)
        {
            if (_settings.Disk is { } path)
            {
                var disk = new SnapshotDisk(path);
                _disks.Add(disk);
                machine.AttachVirtio(guest, new VirtioBlock(disk));
            }

            machine.AttachVirtio(_settings.Guests + guest, new VirtioEntropy(guest + 1));
        }
    }

    private string Describe()
    {
        if (_view.Found)
        {
            return $"\"{_settings.Until}\" appeared";
        }

        if (!_machine.Ended)
        {
            return "no end";
        }

        return _world is null
            ? string.Create(CultureInfo.InvariantCulture, $"the guest ended the machine with 0x{_machine.Outcome:x}")
            : $"the guest stopped ({_world.Stopped})";
    }

    private ulong? Traps => _world?.Guests.Aggregate(0UL, (sum, guest) => sum + guest.Traps);

    private string TrapText() => Traps is { } traps ? string.Create(CultureInfo.InvariantCulture, $", {traps} traps") : "";
}
