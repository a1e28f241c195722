using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using NUnit.Framework;
using Rvirt.Core.Disks;

namespace Rvirt.Tests.Core.Disks;

/// <summary>Partitions are found by their labels in sound tables, and every way in which a table can be wrong has its error.</summary>
internal sealed class PartitionTableTests
{
    private const int Sectors = 200;
    private const int Last = Sectors - 1;

    private static readonly (string Label, ulong First, ulong Last)[] Two = [("rvirt.one", 40, 59), ("rvirt.two", 60, 60)];

    // What is bent in the primary header and its list, and what that is; sums are right but where they are what is bent.
    private static readonly (string Name, Action<DiskImage> Bend, PartitionTableError Error)[] Bent =
    [
        ("signature", disk => disk.Header(1)[0]++, PartitionTableError.NoSignature),
        ("revision", disk => Header32(disk, 8, 0x10001), PartitionTableError.WrongHeader),
        ("length too small", disk => Header32(disk, 12, 91), PartitionTableError.WrongHeader),
        ("length too large", disk => Header32(disk, 12, 513), PartitionTableError.WrongHeader),
        ("reserved", disk => Header32(disk, 20, 1), PartitionTableError.WrongHeader),
        ("sum", disk => disk.Header(1)[16]++, PartitionTableError.WrongHeaderSum),
        ("own place", disk => Header64(disk, 24, 2), PartitionTableError.WrongPlace),
        ("other place beyond", disk => Header64(disk, 32, Sectors), PartitionTableError.WrongPlace),
        ("other place among partitions", disk => Header64(disk, 32, Last - 33), PartitionTableError.WrongPlace),
        ("other place here", disk => Header64(disk, 32, 1), PartitionTableError.WrongPlace),
        ("usable turned round", disk => Header64(disk, 40, Last - 32), PartitionTableError.WrongUsable),
        ("usable beyond", disk => Header64(disk, 48, Sectors), PartitionTableError.WrongUsable),
        ("usable to the end of numbers", disk => Header64(disk, 48, ulong.MaxValue), PartitionTableError.WrongUsable),
        ("list in the header", disk => Header64(disk, 72, 1), PartitionTableError.WrongEntries),
        ("list among partitions", disk => Header64(disk, 72, 3), PartitionTableError.WrongEntries),
        ("list at the end of numbers", disk => Header64(disk, 72, ulong.MaxValue), PartitionTableError.WrongEntries),
        ("no entry", disk => Header32(disk, 80, 0), PartitionTableError.WrongEntries),
        ("entries too small", disk => Header32(disk, 84, 64), PartitionTableError.WrongEntries),
        ("entries of no size", disk => Header32(disk, 84, 0), PartitionTableError.WrongEntries),
        ("entries of an odd size", disk => Header32(disk, 84, 129), PartitionTableError.WrongEntries),
        ("one entry too many", disk => Header32(disk, 80, 129), PartitionTableError.TooManyEntries),
        ("entries beyond all numbers", disk => Header32(disk, 80, uint.MaxValue), PartitionTableError.TooManyEntries),
        ("large entries", disk => Header32(disk, 84, 0x8000_0000), PartitionTableError.TooManyEntries),
        ("sum of the list", disk => disk.Bytes[1024 + 2000]++, PartitionTableError.WrongEntriesSum),
        ("before what is usable", disk => Entry(disk, 0, 33, 59), PartitionTableError.PartitionOutside),
        ("behind what is usable", disk => Entry(disk, 0, 40, Last - 32), PartitionTableError.PartitionOutside),
        ("turned round", disk => Entry(disk, 0, 41, 40), PartitionTableError.PartitionOutside),
        ("to the end of numbers", disk => Entry(disk, 0, 40, ulong.MaxValue), PartitionTableError.PartitionOutside),
        ("one sector in common", disk => Entry(disk, 0, 40, 60), PartitionTableError.PartitionsOverlap),
        ("one in the other", disk => Entry(disk, 1, 41, 42), PartitionTableError.PartitionsOverlap),
        ("the same twice", disk => Entry(disk, 1, 40, 59), PartitionTableError.PartitionsOverlap),
    ];

    private static IEnumerable<TestCaseData> BentTables => Bent.Select(bent => new TestCaseData(bent.Bend, bent.Error).SetArgDisplayNames(bent.Name));

    [Test]
    public void APartitionIsFoundByItsLabel()
    {
        var disk = new DiskImage(Sectors, Two);
        var (error, damage) = Read(disk, table =>
        {
            Assert.That((table.Find("rvirt.one"u8, out var one), one), Is.EqualTo((1, new Partition(40, 20))));
            Assert.That((table.Find("rvirt.two"u8, out var two), two), Is.EqualTo((1, new Partition(60, 1))));
            foreach (var label in (string[])["rvirt.on", "rvirt.onee", "Rvirt.one", "", new string('x', 36), new string('x', 37)])
            {
                Assert.That(table.Find(Encoding.ASCII.GetBytes(label), out _), Is.Zero, label);
            }
        });
        Assert.That((error, damage), Is.EqualTo((PartitionTableError.None, PartitionTableError.None)));
    }

    [TestCase(36)]
    [TestCase(35)]
    [TestCase(1)]
    public void ALabelMayBeAsLongAsItsRoom(int length)
    {
        var label = new string('a', length);
        Read(new DiskImage(Sectors, [(label, 40, 41)]), table => Assert.That(table.Find(Encoding.ASCII.GetBytes(label), out _), Is.EqualTo(1)));
    }

    [Test]
    public void ALabelThatTwoHaveIsCountedAndAnUnusedEntryIsNone()
    {
        var disk = new DiskImage(Sectors, [("same", 40, 40), ("same", 42, 42), ("unused", 44, 44)]);
        disk.Bytes[1024 + 256] = 0;
        disk.Seal(1, 2, 128 * 128);
        var (error, _) = Read(disk, table =>
        {
            Assert.That((table.Find("same"u8, out var first), first), Is.EqualTo((2, new Partition(40, 1))));
            Assert.That(table.Find("unused"u8, out _), Is.Zero);
        });
        Assert.That(error, Is.EqualTo(PartitionTableError.None));
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(56)]
    public void AListMayBeShorter(int entries) =>
        Assert.That(Read(new DiskImage(Sectors, [("a", 40, 41)], entries), table => Assert.That(table.Find("a"u8, out _), Is.EqualTo(1))).Error, Is.EqualTo(PartitionTableError.None));

    [TestCaseSource(nameof(BentTables))]
    public void AWrongTableIsNamedAndLeftForItsBackup(Action<DiskImage> bend, PartitionTableError expected)
    {
        var disk = new DiskImage(Sectors, Two);
        bend(disk);
        var (error, damage) = Read(disk, table => Assert.That((table.Find("rvirt.one"u8, out var one), one), Is.EqualTo((1, new Partition(40, 20)))));
        Assert.That((error, damage), Is.EqualTo((PartitionTableError.None, expected)));

        disk.Header(Last)[0]++;
        Assert.That(Read(disk, _ => Assert.Fail("a table that is none")).Error, Is.EqualTo(expected));
    }

    // The backup is held to the same, at the other end: these are what differs there.
    [TestCase(32, 2, PartitionTableError.WrongPlace)]
    [TestCase(48, Last, PartitionTableError.WrongPlace)]
    [TestCase(72, 2, PartitionTableError.WrongEntries)]
    [TestCase(72, Last - 33, PartitionTableError.WrongEntries)]
    [TestCase(72, Last - 31, PartitionTableError.WrongEntries)]
    public void AWrongBackupIsNamed(int at, int value, PartitionTableError expected)
    {
        var disk = new DiskImage(Sectors, Two);
        BinaryPrimitives.WriteUInt64LittleEndian(disk.Header(Last)[at..], (ulong)value);
        disk.Seal(Last);
        Assert.That(Read(disk, table => Assert.That(table.Find("rvirt.one"u8, out _), Is.EqualTo(1))), Is.EqualTo((PartitionTableError.None, expected)));
    }

    [Test]
    public void WhatNoOtherSystemWouldTakeForOneIsNone()
    {
        var disk = new DiskImage(Sectors, Two);
        disk.Bytes[450] = 0x83;
        Assert.That(Read(disk, _ => { }).Error, Is.EqualTo(PartitionTableError.NotProtected));
        disk.Bytes[466] = 0xee;
        Assert.That(Read(disk, _ => { }).Error, Is.EqualTo(PartitionTableError.None), "in any of the four places");
        disk.Bytes[511] = 0;
        Assert.That(Read(disk, _ => { }).Error, Is.EqualTo(PartitionTableError.NotProtected));
        Assert.That(Read(new DiskImage(Sectors, Two), _ => { }, sectors: 0).Error, Is.EqualTo(PartitionTableError.Unreadable));
        Assert.That(Read(new DiskImage(Sectors, Two), _ => { }, sectors: 1).Error, Is.EqualTo(PartitionTableError.Unreadable));
        Assert.That(Read(new DiskImage(Sectors, Two), _ => { }, sectors: 2).Error, Is.EqualTo(PartitionTableError.WrongUsable));
    }

    /// <summary>Of each sector that the table needs: its loss is an error, or leaves the other copy.</summary>
    [Test]
    public void SectorsThatCannotBeReadAreNoTable()
    {
        foreach (var (lost, expected, damage) in ((int, PartitionTableError, PartitionTableError)[])
            [
                (0, PartitionTableError.Unreadable, PartitionTableError.None), (1, PartitionTableError.None, PartitionTableError.Unreadable),
                (2, PartitionTableError.None, PartitionTableError.Unreadable), (33, PartitionTableError.None, PartitionTableError.Unreadable),
                (Last, PartitionTableError.None, PartitionTableError.Unreadable), (Last - 1, PartitionTableError.None, PartitionTableError.Unreadable),
            ])
        {
            var seen = Read(new DiskImage(Sectors, Two), _ => { }, lost: lost);
            Assert.That(seen, Is.EqualTo((expected, expected == PartitionTableError.None ? damage : PartitionTableError.None)), $"sector {lost}");
        }
    }

    /// <summary>Any change of a byte that matters is noticed, by the sums if by nothing else.</summary>
    [Test]
    public void EveryChangedByteOfTheTableIsNoticed() =>
        Gen.Select(Gen.Int[512, (2 * 512) + 91], Gen.Int[1024, 1024 + (128 * 128) - 1], Gen.Int[0, 1], Gen.Byte[1, 255]).ForAll((inHeader, inList, which, flip) =>
        {
            var at = which == 0 ? 512 + ((inHeader - 512) % 92) : inList;
            var disk = new DiskImage(Sectors, Two);
            disk.Bytes[at] ^= flip;
            var seen = Read(disk, table => Assert.That((table.Find("rvirt.two"u8, out var two), two), Is.EqualTo((1, new Partition(60, 1)))));
            Assert.That(seen.Error, Is.EqualTo(PartitionTableError.None));
            Assert.That(seen.Damage, Is.Not.EqualTo(PartitionTableError.None), $"byte {at}");
        }, iter: 300);

    [Test]
    public void HasATextForEveryError()
    {
        var texts = Enum.GetValues<PartitionTableError>().Select(error => Encoding.ASCII.GetString(PartitionTableErrorText.Of(error))).ToList();
        Assert.That(texts, Is.Unique);
        Assert.That(texts, Has.None.EqualTo("unknown error"));
        Assert.That(texts.Skip(1), Has.All.Contain(": "), "what is wrong: what to do");
        Assert.That(Enum.GetValues<PartitionTableError>().Except(Bent.Select(bent => bent.Error)),
            Is.EquivalentTo([PartitionTableError.None, PartitionTableError.Unreadable, PartitionTableError.NotProtected]), "each error has an input here");
    }

    private delegate void Look(PartitionTable table);

    private static (PartitionTableError Error, PartitionTableError Damage) Read(DiskImage disk, Look look, int lost = -1, ulong? sectors = null)
    {
        var reader = new ImageReader(disk.Bytes, sectors ?? (ulong)disk.Sectors, lost);
        var error = PartitionTable.Read(ref reader, new byte[PartitionTable.BytesNeeded], out var table);
        if (error == PartitionTableError.None)
        {
            look(table);
        }

        return (error, table.Damage);
    }

    private static void Header32(DiskImage disk, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(disk.Header(1)[at..], value);
        disk.Seal(1);
    }

    private static void Header64(DiskImage disk, int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(disk.Header(1)[at..], value);
        disk.Seal(1);
    }

    private static void Entry(DiskImage disk, int entry, ulong first, ulong last)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(disk.Bytes.AsSpan(1024 + (128 * entry) + 32), first);
        BinaryPrimitives.WriteUInt64LittleEndian(disk.Bytes.AsSpan(1024 + (128 * entry) + 40), last);
        disk.Seal(1, 2, 128 * 128);
    }
}
