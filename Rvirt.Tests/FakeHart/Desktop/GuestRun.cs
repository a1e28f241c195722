using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using Rvirt.Core.VirtualHart;
using Rvirt.Tests.FakeHart.Devices;
using Rvirt.Tests.FakeHart.Devices.Virtio;
using Rvirt.Tests.FakeHart.Guests;
using Rvirt.Tests.FakeHart.Harts;
using Rvirt.Tests.FakeHart.Hypervisor;
using Spectre.Console;

namespace Rvirt.Tests.FakeHart.Desktop;

/// <summary>A guest that runs on the reference machine for a person to watch.</summary>
internal sealed class GuestRun : IDisposable
{
    private const int DiskSlot = 0, EntropySlot = 1;
    private const ulong Chunk = 2_000_000;

    private readonly RunSettings _settings;
    private readonly GuestPayload _payload;
    private readonly SnapshotDisk? _disk;
    private readonly Machine _machine;
    private readonly VirtualMachine? _virtual;
    private readonly ConsoleView _view;

    private GuestRun(RunSettings settings)
    {
        _settings = settings;
        _payload = new GuestPayload(
            File.ReadAllBytes(settings.Kernel), settings.Initrd is { } initrd ? File.ReadAllBytes(initrd) : null, settings.Arguments);
        _disk = settings.Disk is { } path ? new SnapshotDisk(path) : null;
        var options = settings.Strict ? HartOptions.Strict : new HartOptions();
        if (settings.Native)
        {
            _machine = new Machine(settings.Memory, options: options);
            Attach(_machine);
            _payload.StartOn(_machine, (byte)((1 << EntropySlot) | (_disk is null ? 0 : 1 << DiskSlot)));
        }
        else
        {
            _virtual = new VirtualMachine(settings.Memory, options, attach: Attach, tables: 2048);
            _machine = _virtual.Machine;
            _payload.StartUnder(_virtual);
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
        while (!_machine.Ended && !_view.Found && _machine.Hart.Cycles < _settings.Limit)
        {
            var done = _virtual?.Run(Chunk) ?? _machine.Run(Chunk);
            _view.Progress(_machine.Hart.Cycles, watch.Elapsed, _virtual?.Traps);
            if (done == 0 && !_machine.Ended)
            {
                break;
            }
        }

        _view.End();
        var good = _view.Found || (_settings.Until is null && PoweredOff);
        var rate = _machine.Hart.Cycles / watch.Elapsed.TotalSeconds / 1e6;
        AnsiConsole.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"desktop: {(_settings.Native ? "natively" : "under Rvirt")}: {Describe()} after {_machine.Hart.Cycles / 1e6:F0} million instructions in {watch.Elapsed.TotalSeconds:F1} s, {rate:F0} million a second{Traps()}"));
        return good ? 0 : 1;
    }

    public void Dispose()
    {
        _virtual?.Dispose();
        if (_virtual is null)
        {
            _machine.Dispose();
        }

        _disk?.Dispose();
        _payload.Dispose();
    }

    private bool PoweredOff => _virtual is null ? _machine.Outcome == TestFinisher.Pass : _virtual.Stopped == StopReason.Shutdown;

    private void Attach(Machine machine)
    {
        if (_disk is not null)
        {
            machine.AttachVirtio(DiskSlot, new VirtioBlock(_disk));
        }

        machine.AttachVirtio(EntropySlot, new VirtioEntropy());
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

        return _virtual is null
            ? string.Create(CultureInfo.InvariantCulture, $"the guest ended the machine with 0x{_machine.Outcome:x}")
            : $"the guest stopped ({_virtual.Stopped})";
    }

    private string Traps() => _virtual is null ? "" : string.Create(CultureInfo.InvariantCulture, $", {_virtual.Traps} traps");
}
