using System;
using System.Collections.Generic;
using Rvirt.Core.Modes.Deprivileged;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Testing.Traps;

namespace Rvirt.Tests.Core.Traps;

/// <summary>What the hypervisor under test asked of the MMU, and what the MMU answers.</summary>
internal sealed class TestMmuState
{
    public List<string> Calls { get; } = [];

    public FaultResolution Answer { get; set; }

    public ulong GuestAddress { get; set; }

    /// <summary>What addresses translate to, where it is not one answer for all.</summary>
    public Func<ulong, (FaultResolution Answer, ulong GuestAddress)>? Translating { get; set; }

    /// <summary>What the hart's tables have a guest execute, by address; nothing where they tell nothing.</summary>
    public Dictionary<ulong, uint> Code { get; } = [];

    /// <summary>Whether views and device pages are at hand for the quick ways.</summary>
    public bool AtHand { get; set; }
}

/// <summary>An MMU for unit tests of trap handling: it records what it is told.</summary>
internal readonly struct TestMmu(TestMmuState state) : IGuestMmu<TestHost>
{
    public ulong AsidMask => 0x1ffUL << 44;

    public bool Supports(TranslationMode mode) => mode is TranslationMode.Bare or TranslationMode.Sv39;

    public void Activate(ref TestHost host, ulong satp, int view) => state.Calls.Add($"activate {satp:x} {Text(view)}");

    public bool TrySwitchView(ref TestHost host, int view)
    {
        if (state.AtHand)
        {
            state.Calls.Add($"switch {Text(view)}");
        }

        return state.AtHand;
    }

    public ref VCpu Resolve<TFollower>(ref TestHost host, ulong va, AccessKind access, TFollower follower)
        where TFollower : struct, IFaultFollower
    {
        state.Calls.Add($"resolve {va:x} {access}");
        if (state.Answer != FaultResolution.NotMemory)
        {
            return ref follower.Follow(va, state.Answer);
        }

        if (state.AtHand)
        {
            return ref follower.FollowToDevice(va, state.GuestAddress);
        }

        return ref follower.Follow(va, FaultAnswer.NotMemory(state.GuestAddress));
    }

    public FaultResolution Translate(ulong va, AccessKind access, out ulong guestAddress)
    {
        state.Calls.Add($"translate {va:x} {access}");
        (var answer, guestAddress) = state.Translating?.Invoke(va) ?? (state.Answer, state.GuestAddress);
        return answer;
    }

    public bool TryReadCode(ulong va, out uint instruction) => state.Code.TryGetValue(va, out instruction);

    public void FenceAll(ref TestHost host) => state.Calls.Add("fence");

    public void FenceAsid(ref TestHost host, ushort asid) => state.Calls.Add($"fence asid {asid:x}");

    public bool TryFencePageQuickly(ref TestHost host, ulong va)
    {
        FencePage(ref host, va);
        return true;
    }

    public void FencePage(ref TestHost host, ulong va) => state.Calls.Add($"fence page {va:x}");

    public void FencePageAsid(ref TestHost host, ulong va, ushort asid) => state.Calls.Add($"fence page {va:x} asid {asid:x}");

    private static string Text(int view) => $"{ViewKind.Mode(view)} sum={ViewKind.HasSum(view)} mxr={ViewKind.HasMxr(view)}";
}
