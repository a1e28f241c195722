using System.Collections.Generic;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

/// <summary>What the hypervisor under test asked of the MMU, and what the MMU answers.</summary>
internal sealed class TestMmuState
{
    public List<string> Calls { get; } = [];

    public FaultResolution Answer { get; set; }

    public ulong GuestAddress { get; set; }

    /// <summary>Whether the quick refill of a shadow table succeeds.</summary>
    public bool Refills { get; set; }

    /// <summary>Whether views and device pages are at hand for the quick calls.</summary>
    public bool AtHand { get; set; }
}

/// <summary>An MMU for unit tests of trap handling: it records what it is told.</summary>
internal readonly struct TestMmu(TestMmuState state) : IGuestMmu<TestHost>
{
    public ulong AsidMask => 0x1ffUL << 44;

    public bool Supports(TranslationMode mode) => mode is TranslationMode.Bare or TranslationMode.Sv39;

    public void Activate(ref TestHost host, ulong satp, PrivilegeMode mode, bool sum, bool mxr) =>
        state.Calls.Add($"activate {satp:x} {mode} sum={sum} mxr={mxr}");

    public bool TryRefill(ref TestHost host, ulong va, AccessKind access)
    {
        if (state.Refills)
        {
            state.Calls.Add($"refill {va:x} {access}");
        }

        return state.Refills;
    }

    public bool TrySwitchView(ref TestHost host, PrivilegeMode mode, bool sum, bool mxr)
    {
        if (state.AtHand)
        {
            state.Calls.Add($"switch {mode} sum={sum} mxr={mxr}");
        }

        return state.AtHand;
    }

    public bool TryTranslateDevice(ulong va, AccessKind access, out ulong guestAddress)
    {
        guestAddress = state.GuestAddress;
        return state.AtHand;
    }

    public FaultResolution Resolve(ref TestHost host, ulong va, AccessKind access, out ulong guestAddress)
    {
        state.Calls.Add($"resolve {va:x} {access}");
        guestAddress = state.GuestAddress;
        return state.Answer;
    }

    public void FenceAll(ref TestHost host) => state.Calls.Add("fence");

    public void FenceAsid(ref TestHost host, ushort asid) => state.Calls.Add($"fence asid {asid:x}");

    public void FencePage(ref TestHost host, ulong va) => state.Calls.Add($"fence page {va:x}");

    public void FencePageAsid(ref TestHost host, ulong va, ushort asid) => state.Calls.Add($"fence page {va:x} asid {asid:x}");
}
