using System;
using System.Runtime.CompilerServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Reads the device tree that the firmware handed over.</summary>
internal static unsafe class HostReader
{
    // A tree that claims to be larger is damaged.
    private const ulong MaximumLength = 2 << 20;

    /// <summary>Opens it, or ends the machine with a line that says what is wrong.</summary>
    internal static bool TryOpen<THost>(ref THost host, BootInfo* info, out FdtReader tree)
        where THost : unmanaged, IHypervisorHost
    {
        tree = default;
        if (info->DeviceTree == 0)
        {
            StartupFailure.End(ref host, "the firmware handed over no device tree in a1: use firmware that does"u8);
            return false;
        }

        if (info->DeviceTree >= info->Reach)
        {
            StartupFailure.End(ref host, "the firmware handed over a device tree above the addresses that Rvirt can map on this hart: load it lower"u8);
            return false;
        }

        // SAFETY: the firmware vouches for a tree there; the reader checks its header before it goes on.
        var error = FdtReader.Open(host.Memory.Pointer(info->DeviceTree), Math.Min(MaximumLength, info->Reach - info->DeviceTree), out tree);
        if (error == FdtError.None)
        {
            return true;
        }

        StartupFailure.Begin(ref host).Text("the machine's device tree is bad: "u8).Text(FdtErrorText.Of(error))
            .Text("; start with firmware that hands over a sound one"u8);
        StartupFailure.Finish(ref host);
        return false;
    }

    /// <summary>Reads what the hypervisor needs of it, or ends the machine with a line that says what is missing.</summary>
    internal static bool TryRead<THost, TBoards>(ref THost host, BootInfo* info, in FdtReader tree, in Board board, out HostDescription description)
        where THost : unmanaged, IHypervisorHost
        where TBoards : struct, IBoards
    {
        var drivers = new BoardDrivers<TBoards>(board.Index);
        var error = HostTree.Read(tree, info->HartId, info->Reach, drivers, out description);
        UseReset(ref host, info, drivers, description);
        if (drivers.TryFindContested(out var contested))
        {
            StartupFailure.Begin(ref host).Text(board.Name).Text(" has two drivers for "u8).Text(contested.Bytes).Text(": build its image with one of them"u8);
            StartupFailure.Finish(ref host);
            return false;
        }

        if (error == HostTreeError.None)
        {
            return true;
        }

        var writer = StartupFailure.Begin(ref host).Text(HostTreeErrorText.Of(error));
        if (error == HostTreeError.UnknownPlic && description.Plic.Compatible.TryFirstString(out var name))
        {
            writer.Text(", not "u8).Text(name);
        }

        writer.Text(error is HostTreeError.NoPlic or HostTreeError.UnknownPlic ? board.Advice(Remedy.Plic) : default);
        StartupFailure.Finish(ref host);
        return false;
    }

    /// <summary>Has the board's driver take the device that ends the machine, if it was found where the window reaches.</summary>
    // SAFETY: the hart is used as long as this runs.
    internal static void UseReset<THost, TBoards>(ref THost host, BootInfo* info, in BoardDrivers<TBoards> drivers, in HostDescription description)
        where THost : unmanaged, IHypervisorHost
        where TBoards : struct, IBoards
    {
        if (description.Reset.Base >= info->Reach || description.Reset.Size > info->Reach - description.Reset.Base)
        {
            return;
        }

        var start = new ResetStart<THost>((THost*)Unsafe.AsPointer(ref host), description.Reset);
        drivers.Name(ref start);
    }
}
