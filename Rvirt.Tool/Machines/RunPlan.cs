using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Disks;

namespace Rvirt.Tool.Machines;

/// <summary>What a run needs, from its settings alone: QEMU's arguments, and the guests of its blob.</summary>
/// <param name="Arguments">QEMU's arguments.</param>
/// <param name="Guests">The guests to pack into the blob; none when there is no blob to pack.</param>
public sealed record RunPlan(IReadOnlyList<string> Arguments, IReadOnlyList<GuestSpec> Guests)
{
    /// <summary>RAM that the hypervisor and the blob take besides that of the guests, in MiB.</summary>
    private const ulong Overhead = 320;

    /// <summary>Makes the plan.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="copy">Where the parts lie.</param>
    /// <param name="disks">The disk of each guest, or null for none. On a board without virtio devices the first is the card, which all have partitions of.</param>
    /// <param name="blob">Where the blob will be.</param>
    public static RunPlan Make(RunSettings settings, WorkingCopy copy, IReadOnlyList<string?> disks, string blob)
    {
        var kernel = settings.Kernel ?? copy.OfGuest("Image", settings.Suite);
        var initrd = settings.Initrd ?? (settings.Kernel is null ? copy.OfGuest("initrd", settings.Suite) : null);
        var devices = new List<string>();
        var guests = new List<GuestSpec>();
        uint slot = 7;
        for (var i = 0; i < settings.Guests; i++)
        {
            // The slots are dealt from the top: disk, network and, where they suffice, entropy for guest 0, then for guest 1, ...
            var own = new List<uint>();
            string Bus()
            {
                own.Add(slot);
                return string.Create(CultureInfo.InvariantCulture, $"bus=virtio-mmio-bus.{slot--}");
            }

            if (settings.Board.HasVirtio && disks[i] is { } disk)
            {
                devices.AddRange(["-drive", $"if=none,id=disk{i},format=raw,file={Escape(disk)}", "-device", $"virtio-blk-device,drive=disk{i},{Bus()}"]);
            }

            if (settings.Board.HasVirtio)
            {
                devices.AddRange(
                [
                    "-netdev", $"user,id=net{i},hostfwd=tcp:127.0.0.1:{settings.Port + i}-:22", "-device", $"virtio-net-device,netdev=net{i},{Bus()}",
                ]);
            }

            if (settings.Board.HasVirtio && settings.Guests <= 2)
            {
                devices.AddRange(["-device", $"virtio-rng-device,{Bus()}"]);
            }

            var append = settings.Kernel is null ? $"{settings.Append} rvirt.name=guest{i}" : settings.Append;
            guests.Add(settings.Board.HasVirtio
                ? new GuestSpec($"guest{i}", kernel, initrd, append, settings.Memory, (uint)settings.Harts, own)
                : new GuestSpec($"guest{i}", kernel, initrd, settings.Kernel is null && !settings.IsForBoard ? $"{append} rvirt.address={AddressOf(i)}" : append, settings.Memory, (uint)settings.Harts, null)
                {
                    Network = "wire",
                    Disk = disks[0] is null ? null : CardPartition.LabelOf(i),
                });
        }

        if (!settings.Board.HasVirtio)
        {
            devices.AddRange(disks[0] is { } card ? ["-drive", $"if=sd,format=raw,file={Escape(card)}"] : []);
            devices.AddRange(["-nic", "user,id=net0" + string.Concat(Enumerable.Range(0, settings.Guests).Select(i => $",hostfwd=tcp:127.0.0.1:{settings.Port + i}-{AddressOf(i)}:22"))]);
        }

        // Where the board ends by starting again, QEMU is to end.
        List<string> arguments = ["-M", settings.Board.Machine, "-nographic", .. settings.Board.HasVirtio ? (string[])[] : ["-no-reboot"]];
        var mib = settings.Memory >> 20;
        if (settings.Native)
        {
            arguments.AddRange(["-m", Mib(mib), "-smp", settings.Harts.ToString(CultureInfo.InvariantCulture), "-kernel", kernel, "-append", settings.Append]);
            arguments.AddRange(initrd is null ? [] : ["-initrd", initrd]);
            guests.Clear();
        }
        else
        {
            arguments.AddRange(settings.OverFirmware ? [] : ["-bios", "none"]);
            arguments.AddRange(["-m", Mib((mib * (ulong)settings.Guests) + Overhead), "-smp", ((settings.Guests * settings.Harts) + settings.Board.IdleHarts).ToString(CultureInfo.InvariantCulture)]);
            arguments.AddRange(["-kernel", copy.Image(settings.Board, settings.OverFirmware), "-initrd", settings.IsBlob ? kernel : blob]);
            if (settings.IsBlob)
            {
                guests.Clear();
            }
        }

        arguments.AddRange(devices);
        if (settings.Debugger != 0)
        {
            arguments.AddRange(["-gdb", string.Create(CultureInfo.InvariantCulture, $"tcp:127.0.0.1:{settings.Debugger}"), "-S"]);
        }

        return new RunPlan([.. arguments, .. settings.Extra], guests);
    }

    /// <summary>The address that a guest asks for, of those that QEMU's network gives (QEMU's manual, "-nic user"): the first is the one that it gives by itself.</summary>
    private static string AddressOf(int guest) => string.Create(CultureInfo.InvariantCulture, $"10.0.2.{15 + guest}");

    private static string Mib(ulong mib) => string.Create(CultureInfo.InvariantCulture, $"{mib}M");

    /// <summary>A comma ends a value in QEMU's options, two are one (QEMU's manual, "-drive").</summary>
    private static string Escape(string path) => path.Replace(",", ",,", StringComparison.Ordinal);
}
