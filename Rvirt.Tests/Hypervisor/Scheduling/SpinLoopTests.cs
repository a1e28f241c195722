using System;
using System.Buffers.Binary;
using NUnit.Framework;
using Rvirt.Core.Memory;
using Rvirt.Hypervisor.Scheduling;

namespace Rvirt.Tests.Hypervisor.Scheduling;

/// <summary>Which loops are taken for ones that wait.</summary>
internal sealed class SpinLoopTests
{
    private const ulong Ram = 0x8000_0000;
    private const ulong Pc = Ram + 0x2800;

    // The number of the hint from the specification's table of instructions.
    private const uint Pause = 0x0100_000F;

    private readonly byte[] _ram = new byte[0x4000];

    [SetUp]
    public void ClearMemory() => Array.Clear(_ram);

    // Fences beside it have other predecessors and successors, or are fence.i; and what waits on a reservation set is not wfi, sret, ecall or ebreak.
    [TestCase(Pause, ExpectedResult = true)]
    [TestCase(0x0000_000Fu, ExpectedResult = false)]
    [TestCase(0x0200_000Fu, ExpectedResult = false)]
    [TestCase(0x0110_000Fu, ExpectedResult = false)]
    [TestCase(0x0330_000Fu, ExpectedResult = false)]
    [TestCase(0x8330_000Fu, ExpectedResult = false)]
    [TestCase(0x0000_100Fu, ExpectedResult = false)]
    [TestCase(0x00D0_0073u, ExpectedResult = true)]
    [TestCase(0x01D0_0073u, ExpectedResult = true)]
    [TestCase(0x1050_0073u, ExpectedResult = false)]
    [TestCase(0x1020_0073u, ExpectedResult = false)]
    [TestCase(0x0000_0073u, ExpectedResult = false)]
    [TestCase(0x0010_0073u, ExpectedResult = false)]
    public bool ItIsWhatWaitsAndNothingLikeIt(uint instruction)
    {
        Put(Pc, instruction);
        return IsAt(Pc);
    }

    // Whichever half of an instruction of 32 bits is at a multiple of four.
    [TestCase(-64, ExpectedResult = true)]
    [TestCase(-62, ExpectedResult = true)]
    [TestCase(-2, ExpectedResult = true)]
    [TestCase(2, ExpectedResult = true)]
    [TestCase(60, ExpectedResult = true)]
    [TestCase(62, ExpectedResult = false)]
    [TestCase(-66, ExpectedResult = false)]
    public bool ItIsNearTheProgramCounter(int offset)
    {
        Put(Pc + (ulong)offset, Pause);
        return IsAt(Pc);
    }

    /// <summary>The page beside it may be another one than the guest sees there, or none.</summary>
    [TestCase(0x1000UL, 0x1000UL, ExpectedResult = true)]
    [TestCase(0x1000UL, 0x0FFCUL, ExpectedResult = false)]
    [TestCase(0x1000UL, 0x0FFEUL, ExpectedResult = false)]
    [TestCase(0x1FFEUL, 0x1FFCUL, ExpectedResult = true)]
    [TestCase(0x1FFEUL, 0x1FFEUL, ExpectedResult = false)]
    [TestCase(0x1FFEUL, 0x2000UL, ExpectedResult = false)]
    [TestCase(0UL, 0UL, ExpectedResult = true)]
    [TestCase(0x3FFCUL, 0x3FFCUL, ExpectedResult = true)]
    public bool ItIsOnTheSamePage(ulong pc, ulong at)
    {
        Put(Ram + at, Pause);
        return IsAt(Ram + pc);
    }

    [TestCase(0UL)]
    [TestCase(Ram - 2)]
    [TestCase(Ram + 0x4000)]
    [TestCase(ulong.MaxValue - 1)]
    public void WhereThereIsNoMemoryThereIsNone(ulong pc)
    {
        Put(Ram, Pause);
        Put(Ram + 0x3FFC, Pause);
        Assert.That(IsAt(pc), Is.False);
    }

    private unsafe bool IsAt(ulong pc)
    {
        // SAFETY: the array stays where it is while it is used.
        fixed (byte* ram = _ram)
        {
            return SpinLoop.IsAt(new GuestMemory(Ram, (ulong)_ram.Length, 0, ram), pc);
        }
    }

    private void Put(ulong address, uint instruction)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, instruction);
        for (var i = 0; i < bytes.Length && address - Ram + (ulong)i < (ulong)_ram.Length; i++)
        {
            _ram[address - Ram + (ulong)i] = bytes[i];
        }
    }
}
