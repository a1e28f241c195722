using NUnit.Framework;
using Rvirt.Core.Privileged;

namespace Rvirt.Tests.Mmu;

/// <summary>What a resident guest executes is read by the tables that its hart uses: what stands in memory where the hart would fetch it, and nothing else.</summary>
public sealed class ShadowCodeTests
{
    private const ulong Page = 0x5000;
    private const ulong Data = MmuWorld.Ram + 0x10_0000;
    private const ulong Executable = 0xcb;
    private const ulong OfUsers = 0xdb;

    [Test]
    public void IsWhatStandsThere([Values(TranslationMode.Sv39, TranslationMode.Sv48, TranslationMode.Sv57)] TranslationMode hostMode, [Values(0, 1)] int level)
    {
        using var world = new MmuWorld(hostMode, native: true);
        var (va, data) = level == 0 ? (Page, Data) : (0x20_0000UL, MmuWorld.Ram + 0x20_0000);
        Map(world, va, data, Executable, level);
        world.Write(data + 0xff0, 0x4505_1234_5678_0013);
        Assert.That(world.TryReadCode(va + 0xff0, out _), Is.False, "not mapped yet, as nothing was fetched");
        world.Access(va, AccessKind.Fetch);
        Assert.That((world.TryReadCode(va + 0xff2, out var second), second), Is.EqualTo((true, 0x5678u)), "16 bits where the lowest two say so");
        Assert.That((world.TryReadCode(va + 0xff0, out var first), first), Is.EqualTo((true, 0x5678_0013u)));
        Assert.That((world.TryReadCode(va + 0xff6, out var third), third), Is.EqualTo((true, 0x4505u)));
        Assert.That(world.TryReadCode(va + 0xff1, out _), Is.False, "no instruction begins there");

        // All of a large page is there at once.
        Assert.That(world.LevelAt(va), Is.EqualTo(level));
        world.Write(data + 0x1_2340, 0x0000_0073);
        Assert.That(world.TryReadCode(va + 0x1_2340, out var far) ? far : 0, Is.EqualTo(level == 0 ? 0u : 0x73u));
    }

    /// <summary>Where the second half can be on another page, the hart is asked.</summary>
    [Test]
    public void WhatMayGoOnOnAnotherPageIsLeftToTheHart()
    {
        using var world = new MmuWorld(native: true);
        Map(world, Page, Data, Executable, 0);
        world.Write(Data + 0xff8, 0x0000_0013_0000_0013);
        world.Access(Page, AccessKind.Fetch);
        Assert.That(world.TryReadCode(Page + 0xffe, out _), Is.False);
        Assert.That(world.TryReadCode(Page + 0xffc, out var instruction) ? instruction : 0, Is.EqualTo(0x13u));
    }

    [TestCase(Executable, PrivilegeMode.Supervisor, true)]
    [TestCase(Executable, PrivilegeMode.User, false)]
    [TestCase(OfUsers, PrivilegeMode.User, true)]
    [TestCase(OfUsers, PrivilegeMode.Supervisor, false)]
    [TestCase(0xc7UL, PrivilegeMode.Supervisor, false)]
    [TestCase(0xd7UL, PrivilegeMode.User, false)]
    public void OnlyWhatTheModeMayExecuteIsRead(ulong flags, PrivilegeMode mode, bool read)
    {
        using var world = new MmuWorld(native: true);
        Map(world, Page, Data, flags, 0);
        world.Write(Data, 0x0000_0013);

        // Each of these brings the page in, as who may load it does.
        world.Become((flags & 0x10) != 0 ? PrivilegeMode.User : PrivilegeMode.Supervisor);
        world.Access(Page, AccessKind.Load);
        Assert.That(world.IsMapped(Page));
        world.Become(mode);
        Assert.That(world.TryReadCode(Page, out _), Is.EqualTo(read));
    }

    [Test]
    public void AFenceAndAnotherSpaceTakeItAway()
    {
        using var world = new MmuWorld(native: true);
        var space = Map(world, Page, Data, Executable, 0);
        world.Write(Data, 0x0000_0013);
        world.Access(Page, AccessKind.Fetch);
        Assert.That(world.TryReadCode(Page, out _));
        space.Map(Page, Data, 0, 0);
        world.FencePage(Page);
        Assert.That(world.TryReadCode(Page, out _), Is.False);
        space.Map(Page, Data, Executable, 0);
        world.Access(Page, AccessKind.Fetch);
        Assert.That(world.TryReadCode(Page, out _));
        world.SetSatp(new GuestTables(world).Satp());
        Assert.That(world.TryReadCode(Page, out _), Is.False);
    }

    /// <summary>A guest without tables executes what lies at the address itself.</summary>
    [Test]
    public void WithoutTablesAddressesAreWhereTheyLead()
    {
        using var world = new MmuWorld(native: true);
        world.SetSatp(0);
        world.Write(Data, 0x0000_0013);
        world.Access(Data, AccessKind.Fetch);
        Assert.That((world.TryReadCode(Data, out var instruction), instruction), Is.EqualTo((true, 0x13u)));
    }

    /// <summary>Where the hypervisor is in the same tables it reads by the guest's addresses.</summary>
    [Test]
    public void ADeprivilegedGuestsIsNotReadLikeThis()
    {
        using var world = new MmuWorld();
        Map(world, Page, Data, Executable, 0);
        world.Access(Page, AccessKind.Fetch);
        Assert.That(world.TryReadCode(Page, out _), Is.False);
    }

    private static GuestTables Map(MmuWorld world, ulong va, ulong data, ulong flags, int level)
    {
        var space = new GuestTables(world);
        space.Map(va, data, flags, level);
        world.SetSatp(space.Satp());
        return space;
    }
}
