using System;

namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>A fault that a test plants in a copy of the product's sources: pieces of text become others.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="World">Where it shows.</param>
/// <param name="File">The file, from the top.</param>
/// <param name="Changes">Text as it is, once in the file, and as it is planted.</param>
internal sealed record PlantedError(string Name, WorldKind World, string File, params (string Right, string Wrong)[] Changes)
{
    /// <summary>The list of the design: hypervisor protocols that look right and are not.</summary>
    public static readonly PlantedError[] All =
    [
        new(
            "a kick sees a fence that was left without an interrupt as one that is on its way", WorldKind.Pinned, "Rvirt.Core/VirtualHart/HartKick.cs",
            ("((HartRequest)Interlocked.Or(ref v.Requests, (int)request) & ~HartRequest.Fence) == HartRequest.None",
             "Interlocked.Or(ref v.Requests, (int)request) == 0")),
        new(
            "a kick reads where the virtual hart is before it asks", WorldKind.Shared, "Rvirt.Core/VirtualHart/HartKick.cs",
            ("        if (TryAsk(ref v, request))\n        {\n            batch.Add(ref host, Volatile.Read(ref v.HostHartId));",
             "        var where = Volatile.Read(ref v.HostHartId);\n        if (TryAsk(ref v, request))\n        {\n            batch.Add(ref host, where);")),
        new(
            "who fences looks whether the other is loaded before it leaves the fence", WorldKind.Pinned, "Rvirt.Core/Sbi/RemoteFence.cs",
            ("            var ticket = fetches ?", "            var run = target.RunState;\n            var ticket = fetches ?"),
            ("            if (target.RunState != RunState.Loaded)", "            if (run != RunState.Loaded)")),
        new(
            "a fence is said to be made before it is", WorldKind.Pinned, "Rvirt.Core/VirtualHart/GuestFence.cs",
            ("        var posts = v.Fences.Take(out var ticket);\n",
             "        var posts = v.Fences.Take(out var ticket);\n        v.Fences.Finish(ticket);\n")),
        new(
            "who fences looks whether an interrupt is on its way before it leaves the fence", WorldKind.Pinned, "Rvirt.Core/Sbi/RemoteFence.cs",
            ("            var before = Interlocked.Or(ref target.Requests, (int)HartRequest.Fence);",
             "            var before = Volatile.Read(ref target.Requests);\n            Interlocked.Or(ref target.Requests, (int)HartRequest.Fence);")),
        new(
            "who fences interrupts only those that know", WorldKind.Pinned, "Rvirt.Core/Sbi/RemoteFence.cs",
            ("            if (before == 0)",
             "            if (before != 0)")),
        new(
            "a hart is stopped before it is put down", WorldKind.Pinned, "Rvirt.Core/Sbi/SbiHartState.cs",
            ("                v.State = HartState.StopPending;",
             "                v.State = HartState.Stopped;")),
        new(
            "who waits for a fence makes none itself", WorldKind.Pinned, "Rvirt.Core/Sbi/RemoteFence.cs",
            ("                if ((asked & HartRequest.Fence) != 0)",
             "                if (asked < 0)")),
        new(
            "what was asked of a virtual hart is not served as it is loaded", WorldKind.Shared, "Rvirt.Hypervisor/VirtualMachines/WorldSwitch.cs",
            ("        var outcome = HostInterrupt.ServeRequests(mode, ref host, ref v, ref mmu, ref bus);",
             "        var outcome = TrapOutcome.Resume;")),
        new(
            "fences are not made as a sleeper wakes", WorldKind.Pinned, "Rvirt.Hypervisor/VirtualMachines/IdleLoop.cs",
            ("            else if (v.IsAsked)",
             "            else if (v.IsAskedToWake)")),
        new(
            "a virtual hart is put in the queue before it is put down", WorldKind.Shared, "Rvirt.Hypervisor/VirtualMachines/Scheduler.cs",
            ("                // Before the lock is released: from then on another hart may load it.\n                WorldSwitch<THost>.Save(core, RunState.Runnable);\n                queue.Lock.Release();",
             "                queue.Lock.Release();\n                WorldSwitch<THost>.Save(core, RunState.Runnable);")),
        new(
            "a stopped guest's sleepers are not asked", WorldKind.Pinned, "Rvirt.Hypervisor/VirtualMachines/GuestEnd.cs",
            ("            HartKick.Raise(ref core->Host, ref *guest->Harts[i], HartRequest.Stop);",
             "            if (guest->Harts[i]->RunState == RunState.Loaded)\n            {\n                HartKick.Raise(ref core->Host, ref *guest->Harts[i], HartRequest.Stop);\n            }")),
        new(
            "who starts as its guest stops is not told", WorldKind.Pinned, "Rvirt.Hypervisor/VirtualMachines/GuestEnd.cs",
            ("        if (hart->Guest->State != GuestState.Running)",
             "        if (hart->Guest->State == GuestState.Created)")),
        new(
            "who wakes looks for requests before it is loaded", WorldKind.Pinned, "Rvirt.Hypervisor/VirtualMachines/IdleLoop.cs",
            ("            v.Enter(RunState.Loaded);\n", "            var isAsked = v.IsAsked;\n            v.Enter(RunState.Loaded);\n"),
            ("            else if (v.IsAsked)", "            else if (isAsked)")),
    ];

    /// <summary>Plants it in the file's text.</summary>
    public string PlantIn(string text)
    {
        foreach (var (right, wrong) in Changes)
        {
            var at = text.IndexOf(right, StringComparison.Ordinal);
            if (at < 0 || text.IndexOf(right, at + 1, StringComparison.Ordinal) >= 0)
            {
                throw new InvalidOperationException($"{File} has not one place like this: {right}");
            }

            text = text.Replace(right, wrong, StringComparison.Ordinal);
        }

        return text;
    }

    public override string ToString() => Name;
}
