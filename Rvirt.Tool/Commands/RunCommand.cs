using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Rvirt.Tool.Blobs;
using Rvirt.Tool.Disks;
using Rvirt.Tool.Machines;
using Rvirt.Tool.Settings;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tool.Commands;

/// <summary><c>run</c> and <c>run-gdb</c>: boot guests on a board of QEMU's, and become their terminal, or QEMU where there is no monitor or a debugger is to come.</summary>
public static class RunCommand
{
    // QEMU's own, with -nographic.
    private const byte QemuPrefix = 1;
    // Of Rvirt's console, where a command line of the host does not choose another.
    private const byte ConsoleEscape = 0x1d;
    private const string Qemu = "qemu-system-riscv64";

    /// <summary>The command behind <c>make qemu</c>: settings are options too, which come before those of the environment.</summary>
    public static Command Create()
    {
        var description = new Argument<FileInfo?>("description")
        {
            Description = "Guests: a blob, its source (.dts), or a kernel. Without: Debian, as make guest builds it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var image = new Option<FileInfo?>("--image") { Description = "Rvirt itself. Without: the one that make image builds." };
        var command = new Command("run", "Boots guests on QEMU, and becomes their terminal; rvirt console, monitor and guests reach it.") { description, image };
        var options = RunSettings.All.ToDictionary(setting => setting.Name, setting => new Option<string?>(OptionOf(setting.Name)) { Description = setting.Help });
        foreach (var option in options.Values)
        {
            command.Options.Add(option);
        }

        command.SetAction(result => MakeCommand.Guarded(() =>
        {
            var values = MakeCommand.Typed();
            foreach (var (name, option) in options)
            {
                values[name] = result.GetValue(option) ?? values.GetValueOrDefault(name, "");
            }

            var copy = WorkingCopy.FindOrNone() with { OwnImage = result.GetValue(image)?.FullName };
            if (result.GetValue(description) is { } guests)
            {
                if (guests.Extension == ".dts")
                {
                    var blob = Path.Combine(copy.Run, "described.dtb");
                    if (BlobFile.Compile(guests.FullName, blob) is not 0 and var failed)
                    {
                        return failed;
                    }

                    guests = new FileInfo(blob);
                }

                values["KERNEL"] = guests.FullName;
            }

            return Boot(Judge(new Setting(values), debug: false, Outside.Real.Ports), copy, Outside.Real);
        }));
        return command;
    }

    /// <summary>The command behind <c>make qemu-gdb</c>.</summary>
    public static Command CreateForDebugger() => MakeCommand.Create(
        "run-gdb", "Boots guests on QEMU, stopped until a debugger connects.", settings => Boot(Judge(settings, debug: true, Outside.Real.Ports), WorkingCopy.Find(), Outside.Real));

    /// <summary>The command behind <c>make debian</c>.</summary>
    public static Command CreateForDistribution() => MakeCommand.Create(
        "debian", "Boots a whole Debian on QEMU.", settings => Boot(JudgeDistribution(settings, Outside.Real.Ports), WorkingCopy.Find(), Outside.Real));

    /// <summary>The option of a setting: <c>--ssh-port</c> of SSH_PORT.</summary>
    public static string OptionOf(string setting) => "--" + setting.Replace('_', '-').ToLowerInvariant();

    /// <summary>Reads the settings, and looks whether the ports that they name are free.</summary>
    /// <exception cref="FormatException">A setting is wrong; the message names it.</exception>
    public static RunSettings Judge(Setting values, bool debug, IPorts ports) => JudgePorts(RunSettings.Read(values, debug), ports);

    /// <summary>The same for the settings of <c>make debian</c>.</summary>
    /// <exception cref="FormatException">A setting is wrong; the message names it.</exception>
    public static RunSettings JudgeDistribution(Setting values, IPorts ports) => JudgePorts(RunSettings.ReadDistribution(values), ports);

    private static RunSettings JudgePorts(RunSettings settings, IPorts ports)
    {
        for (var i = 0; i < settings.Guests; i++)
        {
            if (ports.IsTaken(settings.Port + i))
            {
                throw new FormatException($"port {settings.Port + i} is in use, perhaps by guests that still run: end them, or set SSH_PORT");
            }
        }

        return settings.Debugger != 0 && ports.IsTaken(settings.Debugger)
            ? throw new FormatException($"port {settings.Debugger} is in use, perhaps by a machine that waits for a debugger: end it, or set {RunSettings.DebuggerPort}")
            : settings;
    }

    /// <summary>Gives each guest its disk, packs the guests, and runs QEMU.</summary>
    /// <param name="settings">What to run.</param>
    /// <param name="copy">Where the parts lie.</param>
    /// <param name="outside">What that takes of this machine.</param>
    /// <returns>The exit status.</returns>
    /// <exception cref="IOException">A part is missing or cannot be made; the message names it.</exception>
    public static int Boot(RunSettings settings, WorkingCopy copy, Outside outside)
    {
        if (!settings.Native)
        {
            WorkingCopy.Need(copy.Image(settings.Board, settings.OverFirmware), "make image");
        }

        var disks = Enumerable.Range(0, settings.Guests).Select(guest => DiskOf(settings, copy, guest, outside)).ToList();
        var blob = Path.Combine(copy.Run, "guests.dtb");
        var plan = RunPlan.Make(settings, copy, disks, blob);
        if (plan.Guests.Count > 0)
        {
            Say($"packing {plan.Guests.Count} guest(s) into {Path.GetRelativePath(copy.Top, blob)}");
            var status = BlobFile.Pack(plan.Guests, blob);
            if (status != 0)
            {
                return status;
            }
        }

        for (var i = 0; i < settings.Guests; i++)
        {
            Say($"guest {i} answers: ssh -p {settings.Port + i} -i {Path.GetRelativePath(copy.Top, copy.OfGuest("id_ed25519"))} root@localhost   (or: make ssh GUEST={i})");
        }

        var password = copy.OfGuest("root-password");
        if (settings.Kernel is null && File.Exists(password))
        {
            Say($"{(settings.IsDistribution ? "the password of root and of the user debian" : "root's password")} is {File.ReadAllText(password).Trim()}");
        }

        Say("Ctrl-A X ends QEMU");
        return settings.Native || settings.Debugger != 0
            ? outside.Programs.Become(Qemu, plan.Arguments)
            : BeTerminal(plan, outside);
    }

    // What is typed is QEMU's as it is, its Ctrl-A among it.
    private static int BeTerminal(RunPlan plan, Outside outside)
    {
        using var qemu = outside.Programs.Start(Qemu, plan.Arguments);
        using var hub = new LineHub(qemu.Output, qemu.Input, EscapeOf(plan.Arguments), LineChoice.Patience, QemuPrefix);
        outside.Sockets.Share(hub, Console.Error);
        using var raw = outside.Terminal.MakeRaw();
        hub.Join(outside.Terminal.Output);
        var seeing = hub.Run();
        _ = Task.Run(() =>
        {
            var buffer = new byte[1024];
            int count;
            while ((count = outside.Terminal.Input.Read(buffer)) != 0)
            {
                hub.Type(buffer.AsMemory(0, count));
            }
        });
        seeing.GetAwaiter().GetResult();
        return qemu.Wait();
    }

    /// <summary>The console's escape, as the host's command line has it among QEMU's arguments; null where it has none.</summary>
    public static byte? EscapeOf(IReadOnlyList<string> arguments)
    {
        const string Word = "rvirt.escape=";
        var line = arguments.Zip(arguments.Skip(1)).Where(pair => pair.First == "-append").Select(pair => pair.Second).LastOrDefault("");
        var said = line.Split(' ').LastOrDefault(word => word.StartsWith(Word, StringComparison.Ordinal))?[Word.Length..];
        return said == "none" ? null : ControlKey.Read(said) ?? ConsoleEscape;
    }

    /// <summary>Every guest has a disk of its own: the user's DISK (guest 0), or a copy of the built one that lasts until that is rebuilt.</summary>
    private static string? DiskOf(RunSettings settings, WorkingCopy copy, int guest, Outside outside)
    {
        if (settings.IsDistribution)
        {
            return DistributionDiskOf(copy, guest, outside);
        }

        var template = new FileInfo(copy.OfGuest("disk.ext4", settings.Suite));
        if (guest == 0 && settings.Disk is { } own)
        {
            return own;
        }

        if (!template.Exists)
        {
            return null;
        }

        if (!settings.Board.HasVirtio)
        {
            return guest == 0 ? CardOf(settings, copy, template, outside) : null;
        }

        var disk = new FileInfo(Path.Combine(copy.Run, $"disk{guest}{(settings.Suite == Suite.Pinned ? "" : "-" + settings.Suite)}.img"));
        if (!disk.Exists || template.LastWriteTimeUtc > disk.LastWriteTimeUtc)
        {
            Say($"copying the root disk for guest {guest}");
            CopyDisk(template.FullName, disk.FullName, outside);
        }

        return disk.FullName;
    }

    /// <summary>One card for all, with a copy of the built disk for each; a number of guests has its own.</summary>
    private static string CardOf(RunSettings settings, WorkingCopy copy, FileInfo template, Outside outside)
    {
        var card = new FileInfo(Path.Combine(copy.Run, FormattableString.Invariant($"card{settings.Guests}{(settings.Suite == Suite.Pinned ? "" : "-" + settings.Suite)}.img")));
        if (!card.Exists || template.LastWriteTimeUtc > card.LastWriteTimeUtc)
        {
            Say($"making a card with the root disk of {settings.Guests} guest(s)");
            CardImage.Make(card.FullName, [.. Enumerable.Range(0, settings.Guests).Select(i => CardPartition.OfGuest(i, template.FullName))], outside.Files, outside.Programs);
        }

        return card.FullName;
    }

    /// <summary>What somebody installed is not thrown away because a newer disk was built: only who removes it begins anew.</summary>
    private static string DistributionDiskOf(WorkingCopy copy, int guest, Outside outside)
    {
        var template = new FileInfo(WorkingCopy.Need(copy.DistributionDisk, "make debian"));
        var disk = new FileInfo(Path.Combine(copy.Run, $"debian{guest}.img"));
        if (!disk.Exists)
        {
            Say($"copying the disk for guest {guest}");
            CopyDisk(template.FullName, disk.FullName, outside);
        }
        else if (template.LastWriteTimeUtc > disk.LastWriteTimeUtc)
        {
            Say($"guest {guest} goes on with its disk, which is older than the one that was built: remove {Path.GetRelativePath(copy.Top, disk.FullName)} to begin anew");
        }

        return disk.FullName;
    }

    /// <summary>Copies a disk, holes and all; the copy appears whole or not at all.</summary>
    public static void CopyDisk(string from, string to, Outside outside) => outside.Files.Make(to, unfinished =>
    {
        outside.Programs.Run("cp", "--sparse=always", "--reflink=auto", from, unfinished);
        return true;
    });

    private static void Say(string text) => Console.Error.WriteLine($"guest: {text}");
}
