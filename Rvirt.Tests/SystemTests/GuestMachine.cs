using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Machines;

namespace Rvirt.Tests.SystemTests;

/// <summary>A QEMU with guests in it, each with a disk, a network and an SSH port, set up as `make qemu` does.</summary>
internal sealed class GuestMachine : IDisposable
{
    private const string MonitorSocket = "monitor";
    private const string Escape = "\x1d";

    private readonly TemporaryFolder _folder;

    private GuestMachine(TemporaryFolder folder, QemuMachine qemu, Ssh[] guests)
    {
        _folder = folder;
        Qemu = qemu;
        Guests = guests;
    }

    public QemuMachine Qemu { get; }

    /// <summary>SSH into each guest.</summary>
    public IReadOnlyList<Ssh> Guests { get; }

    /// <summary>The image of a guest's disk.</summary>
    public string Disk(int guest) => _folder.File($"disk{guest}.img");

    /// <summary>QEMU's monitor. One at a time: who is done with it closes it.</summary>
    public QemuMonitor OpenMonitor() => new(_folder.File(MonitorSocket), Qemu);

    /// <summary>Asks Rvirt's own monitor, as a script does, and goes back to what was shown before.</summary>
    /// <param name="command">A command of the monitor.</param>
    /// <returns>"ok", or "error: " and the reason.</returns>
    public string AskMonitor(string command) => AskMonitor(command, out _);

    /// <inheritdoc cref="AskMonitor(string)"/>
    /// <param name="command">A command of the monitor.</param>
    /// <param name="answer">The lines before that.</param>
    public string AskMonitor(string command, out string answer)
    {
        Qemu.Send(Escape + "M");
        Qemu.Expect("rvirt> ", 60);
        Qemu.Send(command + "\r");
        var match = Qemu.Expect($@"{Regex.Escape(command)}\r\n(?s:(.*?))rvirt: (ok|error: [^\r\n]*)\r\nrvirt> ", 60);
        Qemu.Send(Escape + "B");
        answer = match.Groups[1].Value;
        return match.Groups[2].Value;
    }

    /// <summary>Boots that many Debian guests.</summary>
    /// <param name="firmware">What lies under them.</param>
    /// <param name="guests">How many.</param>
    /// <param name="limit">After this time QEMU is ended.</param>
    /// <param name="image">Rvirt, where it is not the one that was published.</param>
    /// <param name="hostMemory">MiB of the host; 0: what the guests need.</param>
    /// <param name="guestMemory">MiB of each guest, or null for an equal share of what there is.</param>
    /// <param name="levels">How many Rvirts lie between the machine and each guest, one in another.</param>
    /// <param name="harts">How many harts each guest has.</param>
    /// <param name="hostHarts">How many the machine has; 0: as many as the guests.</param>
    /// <param name="network">Where a card behind those devices leads, as a description has it; null: there is none.</param>
    /// <param name="append">More words on the command line of each guest.</param>
    /// <param name="suite">The suite of Debian that they are made of.</param>
    /// <param name="template">What their disks are copies of, where it is not the root disk of that suite.</param>
    /// <param name="more">Further arguments of QEMU.</param>
    public static GuestMachine BootDebian(
        Firmware firmware, int guests, TimeSpan limit, string? image = null, int hostMemory = 0, ulong? guestMemory = 512,
        int levels = 1, uint harts = 1, int hostHarts = 0, string? network = null, string append = "", string suite = Suite.Pinned, string? template = null, params string[] more)
    {
        var folder = new TemporaryFolder();
        try
        {
            var arguments = new List<string>();
            var specs = new List<GuestSpec>();
            var slot = 7;
            for (var i = 0; i < guests; i++)
            {
                var disk = folder.CopyDisk($"disk{i}.img", template ?? Repository.OfGuest("disk.ext4", suite));
                arguments.AddRange(
                [
                    // A flush reaches QEMU; what this machine's own disk takes for it is not part of the test.
                    "-drive", $"if=none,id=disk{i},format=raw,cache=unsafe,file={disk}",
                    "-device", $"virtio-blk-device,drive=disk{i},bus=virtio-mmio-bus.{slot}",
                    "-netdev", $"user,id=net{i},hostfwd=tcp:127.0.0.1:0-:22",
                    "-device", $"virtio-net-device,netdev=net{i},bus=virtio-mmio-bus.{slot - 1}",
                    "-device", $"virtio-rng-device,bus=virtio-mmio-bus.{slot - 2}",
                ]);
                var guest = new GuestSpec(
                    $"guest{i}", Repository.OfGuest("Image", suite), Repository.OfGuest("initrd", suite), $"console=ttyS0 panic=1 rvirt.name=guest{i} {append}".TrimEnd(),
                    guestMemory << 20, harts, [(uint)slot, (uint)slot - 1, (uint)slot - 2]);
                specs.Add(Nest(folder, levels - 1, guest with { Network = network }));
                slot -= 3;
            }

            hostHarts = hostHarts != 0 ? hostHarts : guests * (int)harts;
            if (firmware == Firmware.Native)
            {
                var only = specs.Single();
                arguments.AddRange(["-m", string.Create(CultureInfo.InvariantCulture, $"{guestMemory ?? 512}M"), "-smp", hostHarts.ToString(CultureInfo.InvariantCulture), "-kernel", only.Kernel, "-initrd", only.Initrd!, "-append", only.Append]);
            }
            else
            {
                arguments.AddRange(Rvirt(firmware, PackBlob(folder, specs), memory: hostMemory != 0 ? hostMemory : 320 + (((int)guestMemory! + (64 * (levels - 1))) * guests), hostHarts, image));
            }

            var socket = folder.File(MonitorSocket);
            var qemu = QemuMachine.Start([.. arguments, .. more, .. QemuMonitor.Arguments(socket)], limit);
            try
            {
                using var monitor = new QemuMonitor(socket, qemu);
                return new GuestMachine(folder, qemu, [.. Enumerable.Range(0, guests).Select(i => new Ssh(monitor.SshPort($"net{i}")))]);
            }
            catch
            {
                qemu.Dispose();
                throw;
            }
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>A guest in which that many Rvirts lie one in another, and the guest in the innermost.</summary>
    /// <remarks>
    /// An Rvirt that is a guest is the image for any firmware, as its guest's kernel, and the next description is its initial RAM disk. The devices
    /// of a guest stand in its slots 0, 1, 2, ... whatever slots of its host they came from.
    /// </remarks>
    /// <param name="folder">Where the descriptions go.</param>
    /// <param name="levels">How many; none gives the guest itself.</param>
    /// <param name="guest">The guest. Each Rvirt that holds it has 64 MiB more, and its devices.</param>
    public static GuestSpec Nest(TemporaryFolder folder, int levels, GuestSpec guest)
    {
        for (var level = levels; level > 0; level--)
        {
            var inner = guest with { Devices = [.. (guest.Devices ?? []).Select((_, slot) => (uint)slot)] };
            guest = guest with
            {
                Name = $"{guest.Name}-host",
                Kernel = Repository.Image(Firmware.Sbi),
                Initrd = PackBlob(folder, [inner], $"{guest.Name}.dtb"),
                Append = "",
                Memory = guest.Memory + (64 << 20),
            };
        }

        return guest;
    }

    /// <summary>QEMU's arguments for an image of Rvirt with this file as its initrd.</summary>
    public static IEnumerable<string> Rvirt(Firmware firmware, string? initrd, int memory = 768, int harts = 1, string? image = null)
    {
        string[] bios = firmware switch
        {
            Firmware.Stub => ["-bios", "none"],
            Firmware.Resident => ["-bios", "none", "-append", "rvirt.mode=resident"],
            _ => [],
        };
        string[] file = initrd is null ? [] : ["-initrd", initrd];
        return
        [
            .. bios, .. Reserving(memory), "-m", string.Create(CultureInfo.InvariantCulture, $"{memory}M"),
            "-smp", harts.ToString(CultureInfo.InvariantCulture), "-kernel", image ?? Repository.Image(firmware), .. file,
        ];
    }

    /// <summary>QEMU's arguments for more memory than this machine may have to give: it gives what is touched.</summary>
    public static IEnumerable<string> Reserving(int megabytes) => megabytes <= 4096
        ? []
        : ["-object", string.Create(CultureInfo.InvariantCulture, $"memory-backend-ram,id=ram,reserve=off,size={megabytes}M"), "-machine", "memory-backend=ram"];

    /// <summary>Packs guests into a blob with our own command's code.</summary>
    public static string PackBlob(TemporaryFolder folder, IReadOnlyList<GuestSpec> guests, string name = "guests.dtb")
    {
        var source = folder.Write("guests.dts", System.Text.Encoding.UTF8.GetBytes(DeviceTreeSource.Write(guests)));
        var blob = folder.File(name);
        DeviceTreeCompiler.Compile(source, blob);
        return blob;
    }

    public void Dispose()
    {
        Qemu.Dispose();
        _folder.Dispose();
    }
}
