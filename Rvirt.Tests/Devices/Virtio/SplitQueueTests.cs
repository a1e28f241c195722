using CsCheck;
using NUnit.Framework;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>The device's side of a split queue alone.</summary>
public class SplitQueueTests
{
    private const uint Size = 4;
    private const ulong Available = QueueRam.Base + 0x1000;
    private const ulong Used = QueueRam.Base + 0x2000;

    private static readonly QueuePlace Place = new() { Size = Size, Descriptors = QueueRam.Base, Available = Available, Used = Used };

    [Test]
    public void AQueueIsPlacedWhereTheSpecificationLetsItBe()
    {
        var size = Gen.Frequency((3, Gen.UInt[0, 12].Select(n => 1u << (int)n)), (1, Gen.UInt[0, 300]), (1, Gen.UInt));
        var address = Gen.Frequency(
            (6, Gen.ULong[QueueRam.Base >> 4, QueueRam.End >> 4].Select(n => n << 4)),
            (2, Gen.ULong[QueueRam.Base, QueueRam.End]),
            (2, Gen.ULong[QueueRam.End - 0x900, QueueRam.End].Select(n => n & ~3UL)),
            (1, Gen.ULong));
        var accepted = 0;
        Gen.Select(size, address, address, address).ForAll(
            (size, descriptors, available, used) =>
            {
                using var ram = new QueueRam();
                var queue = default(SplitQueue);
                var place = new QueuePlace { Size = size, Descriptors = descriptors, Available = available, Used = used };
                var isSize = size is 1 or 2 or 4 or 8 or 16 or 32 or 64 or 128 or 256;
                var expected = isSize && Fits(descriptors, 16, 16UL * size) && Fits(available, 2, 6 + (2UL * size)) && Fits(used, 4, 6 + (8UL * size));
                Assert.That(queue.TryPlace(ram.Memory, place, 256, 0), Is.EqualTo(expected));
                Assert.That(queue.Size, Is.EqualTo(expected ? size : 0));
                if (expected)
                {
                    System.Threading.Interlocked.Increment(ref accepted);
                }
            },
            iter: 20_000);
        Assert.That(accepted, Is.GreaterThan(1000), "the samples must not all be refused");
    }

    [Test]
    public void ChainsComeInTheOrderOfTheRingAndGoBackInAny([Values(0u, 0xfffau)] uint start)
    {
        using var ram = new QueueRam();
        var queue = Open(ram, 0);
        // So many chains that the indices wrap.
        for (var i = 0u; i < start; i++)
        {
            queue.Take();
            queue.Use(0, 0);
        }

        for (var round = 0u; round < 10; round++)
        {
            var index = (ushort)(start + (2 * round));
            ram.Half(Available + 4 + (2UL * (index % Size))) = (ushort)(100 + round);
            ram.Half(Available + 4 + (2UL * ((index + 1u) % Size))) = (ushort)(200 + round);
            ram.Half(Available + 2) = (ushort)(index + 2);
            Assert.That(queue.TryCount(queue.ReadAvailable(), out var count));
            Assert.That(count, Is.EqualTo(2));
            var first = queue.ReadHead();
            queue.Take();
            var second = queue.ReadHead();
            queue.Take();
            Assert.That((first, second), Is.EqualTo(((ushort)(100 + round), (ushort)(200 + round))));
            queue.Use(second, 7);
            queue.Use(first, round);
            Assert.That(ram.Half(Used + 2), Is.EqualTo(round == 0 ? 0 : index), "nothing is shown before it is published");
            queue.PublishUsed();
            Assert.That(ram.Half(Used + 2), Is.EqualTo((ushort)(index + 2)));
            Assert.That(ram.Word(Used + 4 + (8UL * (index % Size))), Is.EqualTo(200 + round));
            Assert.That(ram.Word(Used + 8 + (8UL * (index % Size))), Is.EqualTo(7));
            Assert.That(ram.Word(Used + 4 + (8UL * ((index + 1u) % Size))), Is.EqualTo(100 + round));
            Assert.That(ram.Word(Used + 8 + (8UL * ((index + 1u) % Size))), Is.EqualTo(round));
        }
    }

    [Test]
    public void NoMoreChainsAreAvailableThanTheQueueHolds()
    {
        using var ram = new QueueRam();
        var queue = Open(ram, 0);
        foreach (var taken in new[] { 0, 3, 0xfffe })
        {
            while ((ushort)taken != (ushort)Taken(queue))
            {
                queue.Take();
            }

            for (var index = 0; index <= 0xffff; index++)
            {
                var ahead = index >= taken ? index - taken : index - taken + 0x1_0000;
                Assert.That(queue.TryCount((ushort)index, out var count), Is.EqualTo(ahead <= Size));
                Assert.That(count, Is.EqualTo(ahead));
            }
        }
    }

    [Test]
    public void WithEventsAnInterruptIsWantedWhenTheNamedEntryIsAmongThoseGivenBack()
    {
        using var ram = new QueueRam();
        foreach (var before in new[] { 0, 5, 0xfffe })
        {
            for (var given = 1; given <= Size; given++)
            {
                var queue = Open(ram, VirtioFeature.EventIndex);
                for (var i = 0; i < before + given; i++)
                {
                    queue.Use(0, 0);
                }

                for (var named = 0; named <= 0xffff; named++)
                {
                    ram.Half(Available + 4 + (2 * Size)) = (ushort)named;
                    var wanted = false;
                    for (var entry = before; entry < before + given; entry++)
                    {
                        wanted |= entry % 0x1_0000 == named;
                    }

                    Assert.That(queue.WantsInterrupt((ushort)before), Is.EqualTo(wanted));
                }
            }
        }
    }

    [Test]
    public void WithoutEventsAFlagSaysWhetherInterruptsAreWanted()
    {
        using var ram = new QueueRam();
        var queue = Open(ram, 0);
        queue.Use(0, 0);
        Assert.That(queue.WantsInterrupt(0));
        ram.Half(Available) = 1;
        Assert.That(queue.WantsInterrupt(0), Is.False);
        ram.Half(Available) = 2;
        Assert.That(queue.WantsInterrupt(0), "other flags mean nothing");
    }

    [Test]
    public void TheIndexToBeToldAtStandsBehindTheUsedRing()
    {
        using var ram = new QueueRam();
        var queue = Open(ram, VirtioFeature.EventIndex);
        queue.AskAt(0x1234);
        Assert.That(ram.Half(Used + 4 + (8 * Size)), Is.EqualTo(0x1234));
        Assert.That(queue.NamesEvents);
    }

    [Test]
    public void TablesAreFollowedOnlyWhereAgreedOn([Values] bool agreed)
    {
        using var ram = new QueueRam();
        ram.Describe(QueueRam.Base, 0, QueueRam.Base + 0x4000, 16, RingLayout.Indirect, 0);
        ram.Describe(QueueRam.Base + 0x4000, 0, QueueRam.Base + 0x5000, 16, 0, 0);
        var queue = Open(ram, agreed ? VirtioFeature.IndirectDescriptors : 0);
        var memory = ram.Memory;
        var chain = queue.Chain(memory, 0, Size);
        Assert.That(chain.MoveNext(out _), Is.EqualTo(agreed));
        Assert.That(chain.Fault, Is.EqualTo(agreed ? QueueFault.None : QueueFault.Indirect));
    }

    private static SplitQueue Open(QueueRam ram, ulong features)
    {
        var queue = default(SplitQueue);
        Assert.That(queue.TryPlace(ram.Memory, Place, 256, features));
        return queue;
    }

    // How many chains were taken, asked from outside: as many as the index is ahead of where none is left.
    private static int Taken(in SplitQueue queue)
    {
        queue.TryCount(0, out var count);
        return 0x1_0000 - (int)count;
    }

    private static bool Fits(ulong address, ulong alignment, ulong bytes) =>
        address % alignment == 0 && address >= QueueRam.Base && address < QueueRam.End && bytes <= QueueRam.End - address;
}
