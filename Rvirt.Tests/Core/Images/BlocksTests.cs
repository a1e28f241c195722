using System;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.Images;
using Rvirt.Core.Memory;

namespace Rvirt.Tests.Core.Images;

/// <summary>Copies into a guest's RAM and clears of it end at its edges.</summary>
public sealed unsafe class BlocksTests
{
    private const ulong Base = 0x8000_0000;
    private const int Length = 0x1000;

    private readonly byte* _ram = (byte*)NativeMemory.AllocZeroed(3 * Length);

    private GuestMemory Memory => new(Base, Length, Base, _ram + Length);

    [OneTimeTearDown]
    public void Free() => NativeMemory.Free(_ram);

    [SetUp]
    public void Fill() => new Span<byte>(_ram, 3 * Length).Fill(0xaa);

    [TestCase(Base, 0)]
    [TestCase(Base, Length)]
    [TestCase(Base + Length - 1, 1)]
    public void WhatFitsIsCopiedAndCleared(ulong address, int length)
    {
        var source = new byte[length];
        Array.Fill(source, (byte)0x55);
        fixed (byte* bytes = source)
        {
            Assert.That(Blocks.TryCopy(Memory, address, bytes, (ulong)length), Is.True);
        }

        var expected = new byte[3 * Length];
        Array.Fill(expected, (byte)0xaa);
        var at = Length + (int)(address - Base);
        Array.Fill(expected, (byte)0x55, at, length);
        Assert.That(new Span<byte>(_ram, 3 * Length).SequenceEqual(expected), Is.True, "copied, and nothing around it");
        Assert.That(Blocks.TryClear(Memory, address, (ulong)length), Is.True);
        Array.Clear(expected, at, length);
        Assert.That(new Span<byte>(_ram, 3 * Length).SequenceEqual(expected), Is.True, "cleared, and nothing around it");
    }

    [TestCase(Base - 1, 2UL)]
    [TestCase(Base + Length - 1, 2UL)]
    [TestCase(Base + Length, 1UL)]
    [TestCase(Base, Length + 1UL)]
    [TestCase(Base, ulong.MaxValue)]
    public void WhatDoesNotFitChangesNothing(ulong address, ulong length)
    {
        var source = new byte[Length + 1];
        fixed (byte* bytes = source)
        {
            Assert.That(Blocks.TryCopy(Memory, address, bytes, length), Is.False);
        }

        Assert.That(Blocks.TryClear(Memory, address, length), Is.False);
        Assert.That(new Span<byte>(_ram, 3 * Length).IndexOfAnyExcept((byte)0xaa), Is.EqualTo(-1));
    }

    [TestCase(Base - 1)]
    [TestCase(0UL)]
    public void NothingFitsAnywhere(ulong address)
    {
        Assert.That(Blocks.TryCopy(Memory, address, null, 0), Is.True);
        Assert.That(Blocks.TryClear(Memory, address, 0), Is.True);
    }
}
