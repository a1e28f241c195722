using System;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Rvirt.Core.Memory;

namespace Rvirt.Tests.Core.Memory;

/// <summary>A guest's RAM ends at its first and last byte, for every way into it.</summary>
public sealed unsafe class GuestMemoryTests
{
    private const ulong Base = 0x8000_0000;
    private const ulong Length = 0x1000;
    private const ulong HostAddress = 0x1_2340_0000;

    private readonly byte* _ram = (byte*)NativeMemory.AllocZeroed((nuint)Length);

    private GuestMemory Ram => new(Base, Length, HostAddress, _ram);

    [OneTimeTearDown]
    public void Free() => NativeMemory.Free(_ram);

    [TestCase(Base, 0UL, true)]
    [TestCase(Base, Length, true)]
    [TestCase(Base, Length + 1, false)]
    [TestCase(Base + 8, Length - 8, true)]
    [TestCase(Base + 8, Length - 7, false)]
    [TestCase(Base + Length - 1, 1UL, true)]
    [TestCase(Base + Length - 1, 2UL, false)]
    [TestCase(Base + Length, 0UL, false)]
    [TestCase(Base + Length, 1UL, false)]
    [TestCase(Base - 1, 1UL, false)]
    [TestCase(0UL, 1UL, false)]
    [TestCase(Base + 8, ulong.MaxValue, false)]
    [TestCase(ulong.MaxValue, 1UL, false)]
    public void ARangeIsRamWhereAllOfItIs(ulong address, ulong length, bool expected)
    {
        Assert.That(Ram.Contains(address, length), Is.EqualTo(expected));
        Assert.That(Ram.TryTranslate(address, length, out var host), Is.EqualTo(expected));
        Assert.That(Ram.TryPointer(address, length, out var pointer), Is.EqualTo(expected));
        if (expected)
        {
            Assert.That(host, Is.EqualTo(HostAddress + (address - Base)));
            Assert.That((ulong)pointer, Is.EqualTo((ulong)_ram + (address - Base)));
        }
    }

    [TestCase(0UL)]
    [TestCase(8UL)]
    [TestCase(Length - 8)]
    public void AnAlignedDoublewordIsRead(ulong offset)
    {
        var value = 0x0123_4567_89ab_cdef + offset;
        *(ulong*)(_ram + offset) = value;
        Assert.That(Ram.TryRead64(Base + offset, out var read), Is.True);
        Assert.That(read, Is.EqualTo(value));
    }

    [TestCase(Base + 4)]
    [TestCase(Base + 1)]
    [TestCase(Base - 8)]
    [TestCase(Base + Length)]
    [TestCase(Base + Length - 4)]
    public void AnyOtherDoublewordIsNot(ulong address)
    {
        new Span<byte>(_ram, (int)Length).Fill(0xff);
        Assert.That(Ram.TryRead64(address, out var read), Is.False);
        Assert.That(read, Is.Zero);
    }

    [Test]
    public void TheWindowOnPhysicalMemoryIsLinear()
    {
        var window = new PhysicalMemory(unchecked((ulong)_ram - HostAddress));
        Assert.That((ulong)window.Pointer(HostAddress + 0x123), Is.EqualTo((ulong)_ram + 0x123));
        Assert.That(window.Address(_ram + 0x123), Is.EqualTo(HostAddress + 0x123));
    }
}
