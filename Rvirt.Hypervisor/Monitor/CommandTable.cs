using System;
using Rvirt.Core.Host;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The commands, in the order in which help names them. A further one is a file and a row here.</summary>
// SAFETY: the addresses taken are those of methods of the image.
internal static unsafe class CommandTable<TView, THost, TSink>
    where TView : struct, IMachineView
    where THost : struct, IMmio
    where TSink : struct, IConsoleSink<THost>
{
    /// <summary>Number of commands.</summary>
    public const int Count = 26;

    /// <summary>A command.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public static CommandRow<TView, THost, TSink> Row(int index) => index switch
    {
        0 => new("help"u8, "[COMMAND]"u8, "the commands, or how one is used"u8, &HelpCommand.Run),
        1 => new("version"u8, ""u8, "of Rvirt"u8, &VersionCommand.Run),
        2 => new("guests"u8, ""u8, "all guests"u8, &GuestsCommand.Run),
        3 => new("vcpus"u8, "GUEST"u8, "virtual harts of a guest"u8, &VirtualHartsCommand.Run),
        4 => new("cores"u8, ""u8, "harts of the host, and what they run"u8, &CoresCommand.Run),
        5 => new("stats"u8, "GUEST [-r]"u8, "traps by cause; -r counts from here on"u8, &StatsCommand.Run),
        6 => new("regs"u8, "GUEST[.HART]"u8, "registers of a virtual hart"u8, &RegistersCommand.Run, &Targets.Report),
        7 => new("walk"u8, "GUEST[.HART] ADDRESS"u8, "the guest's page tables for an address"u8, &WalkCommand.Run, &WalkCommand.Begin),
        8 => new("mem"u8, "GUEST ADDRESS [BYTES]"u8, "RAM at a guest physical address"u8, &MemoryCommand.Run, &MemoryCommand.Begin),
        9 => new("shadow"u8, "GUEST[.HART]"u8, "shadow tables of a virtual hart"u8, &ShadowCommand.Run),
        10 => new("devices"u8, "GUEST"u8, "virtio slots of a guest"u8, &DevicesCommand.Run),
        11 => new("trace"u8, "on|off|CORE [TRAPS]"u8, "the last traps of a hart of the host"u8, &TraceCommand.Run, &TraceCommand.Begin),
        12 => new("start"u8, "GUEST"u8, "begins, or begins again after an end"u8, &LifeCommands.Start),
        13 => new("pause"u8, "GUEST"u8, "stands still, with all that it has"u8, &LifeCommands.Pause),
        14 => new("resume"u8, "GUEST"u8, "goes on after a pause"u8, &LifeCommands.Resume),
        15 => new("restart"u8, "GUEST"u8, "ends, and begins again"u8, &LifeCommands.Restart),
        16 => new("kill"u8, "GUEST"u8, "ends, whatever it does"u8, &LifeCommands.Kill),
        17 => new("share"u8, "GUEST SHARE"u8, "of the harts that guests share; 100 is usual"u8, &ShareCommand.Run),
        18 => new("focus"u8, "GUEST|all"u8, "shows a guest, or lines of all"u8, &FocusCommand.Run),
        19 => new("escape"u8, "[KEY]"u8, "the console's key: ^X or none"u8, &EscapeCommand.Run),
        20 => new("snapshot"u8, "GUEST"u8, "keeps what the guest is now"u8, &SnapshotCommand.Run),
        21 => new("revert"u8, "GUEST"u8, "makes the guest what was kept"u8, &RevertCommand.Run),
        22 => new("clone"u8, "GUEST OTHER"u8, "makes another guest what this one is"u8, &CloneCommand.Run),
        23 => new("break"u8, "GUEST ADDRESS"u8, "pauses there; by guest physical address"u8, &BreakCommands.Break),
        24 => new("unbreak"u8, "GUEST ADDRESS"u8, "takes a breakpoint back"u8, &BreakCommands.Unbreak),
        25 => new("shutdown"u8, ""u8, "ends the machine"u8, &ShutdownCommand.Run),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    /// <summary>Finds a command by its name.</summary>
    /// <returns>Its number, or -1.</returns>
    public static int Find(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < Count; i++)
        {
            if (Row(i).Name.SequenceEqual(name))
            {
                return i;
            }
        }

        return -1;
    }
}
