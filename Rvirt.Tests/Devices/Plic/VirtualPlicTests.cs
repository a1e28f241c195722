using CsCheck;
using NUnit.Framework;
using Rvirt.Devices.Plic;

namespace Rvirt.Tests.Devices.Plic;

public class VirtualPlicTests
{
    private const uint Supervisor = 1;
    private VirtualPlic _plic;

    [SetUp]
    public void SetUp()
    {
        _plic = default;
        _plic.Reset(1);
    }

    [Test]
    public void ASourceThatIsEnabledAndHasPrioritySignalsItsContext()
    {
        Allow(10, 1);
        _plic.SetLevel(10, true);
        Assert.That(_plic.SupervisorSignal(0), Is.True);
        Assert.That(_plic.Signals, Is.EqualTo(2u));
    }

    [Test]
    public void PriorityZeroNeverInterrupts()
    {
        Allow(10, 0);
        _plic.SetLevel(10, true);
        Assert.That(_plic.SupervisorSignal(0), Is.False);
        Assert.That(Claim(), Is.Zero);
        Assert.That(Read(0x1000), Is.EqualTo(1u << 10), "it pends all the same");
    }

    [Test]
    public void TheThresholdMasksTheSignalButNotTheClaim()
    {
        Allow(10, 3);
        _plic.SetLevel(10, true);
        Write(0x201000, 3);
        Assert.That(_plic.SupervisorSignal(0), Is.False);
        Assert.That(Claim(), Is.EqualTo(10u));
        Complete(10);
        Write(0x201000, 2);
        Assert.That(_plic.SupervisorSignal(0), Is.True);
    }

    [Test]
    public void ARequestStaysUntilItIsClaimedThoughItsLineFell()
    {
        Allow(10, 1);
        _plic.SetLevel(10, true);
        _plic.SetLevel(10, false);
        Assert.That(_plic.SupervisorSignal(0), Is.True);
        Assert.That(Claim(), Is.EqualTo(10u));
        _plic.SetLevel(10, true);
        _plic.SetLevel(10, false);
        Assert.That(Read(0x1000), Is.Zero, "none is made before the completion");
        Complete(10);
        Assert.That(Read(0x1000), Is.Zero, "and of a line that is low none then");
        Assert.That(Claim(), Is.Zero);
    }

    [Test]
    public void AClaimTakesTheHighestPriorityThenTheLowestNumber()
    {
        Allow(5, 2);
        Allow(70, 7);
        Allow(33, 7);
        _plic.SetLevel(5, true);
        _plic.SetLevel(70, true);
        _plic.SetLevel(33, true);
        Assert.That(new[] { Claim(), Claim(), Claim(), Claim() }, Is.EqualTo([33u, 70u, 5u, 0u]));
    }

    [Test]
    public void AClaimedSourceIsQuietUntilCompletedThenPendsAgainIfItsLineIsHigh()
    {
        Allow(10, 1);
        _plic.SetLevel(10, true);
        Assert.That(Claim(), Is.EqualTo(10u));
        Assert.That(_plic.SupervisorSignal(0), Is.False);
        _plic.SetLevel(10, false);
        _plic.SetLevel(10, true);
        Assert.That(_plic.SupervisorSignal(0), Is.False, "the gateway forwards nothing before the completion");
        Complete(10);
        Assert.That(_plic.SupervisorSignal(0), Is.True);
        Claim();
        _plic.SetLevel(10, false);
        Complete(10);
        Assert.That(_plic.SupervisorSignal(0), Is.False);
    }

    [Test]
    public void ACompletionByAContextThatDoesNotEnableTheSourceIsIgnored()
    {
        Allow(10, 1);
        _plic.SetLevel(10, true);
        Claim();
        Write(0x2080, 0);
        Complete(10);
        Write(0x2080, 1 << 10);
        Assert.That(_plic.SupervisorSignal(0), Is.False);
        Complete(10);
        Assert.That(_plic.SupervisorSignal(0), Is.True);
    }

    [Test]
    public void RegistersKeepOnlyTheBitsTheyHave()
    {
        Write(4, 0xffff_ffff);
        Write(0, 7);
        Write(0x2080, 0xffff_ffff);
        Write(0x208c, 0xffff_ffff);
        Write(0x2100, 0xffff_ffff);
        Write(0x201000, 0xff);
        Write(0x1000, 0xffff_ffff);
        Assert.That(Read(4), Is.EqualTo(7u));
        Assert.That(Read(0), Is.Zero);
        Assert.That(Read(0x2080), Is.EqualTo(0xffff_fffeu));
        Assert.That(Read(0x208c), Is.Zero, "there are 96 sources");
        Assert.That(Read(0x2100), Is.Zero, "there are two contexts");
        Assert.That(Read(0x201000), Is.EqualTo(7u));
        Assert.That(Read(0x1000), Is.Zero);
        Assert.That(_plic.TryRead(2, out _), Is.False);
        Assert.That(_plic.TryWrite(2, 0), Is.False);
    }

    [Test]
    public void ContextsAreNumberedMachineThenSupervisorOfEachHart()
    {
        _plic.Reset(4);
        Write(4 * 3, 1);
        Write(0x2000 + (0x80 * 5), 1 << 3);
        _plic.SetLevel(3, true);
        Assert.That(_plic.SupervisorSignal(2), Is.True);
        Assert.That(_plic.Signals, Is.EqualTo(1u << 5));
        Assert.That(Read(0x200004 + (0x1000 * 5)), Is.EqualTo(3u));
    }

    [Test]
    public void TheCachedSignalIsWhatTheRegistersSayAfterAnySequence() =>
        Gen.Select(Gen.Int[0, 5], Gen.UInt[0, 97], Gen.UInt).Array[0, 60].ForAll(steps =>
        {
            var plic = default(VirtualPlic);
            plic.Reset(2);
            foreach (var (kind, source, value) in steps)
            {
                switch (kind)
                {
                    case 0:
                        plic.SetLevel(source, (value & 1) != 0);
                        break;
                    case 1:
                        plic.TryWrite(4 * source, value);
                        break;
                    case 2:
                        plic.TryWrite(0x2000 + (0x80 * (value & 3)) + (source % 4 * 4), value);
                        break;
                    case 3:
                        plic.TryWrite(0x200000 + (0x1000 * (source & 3)), value & 7);
                        break;
                    case 4:
                        plic.TryRead(0x200004 + (0x1000 * (source & 3)), out _);
                        break;
                    default:
                        plic.TryWrite(0x200004 + (0x1000 * (value & 3)), source);
                        break;
                }

            }

            return plic.Signals == Expected(ref plic);
        });

    private static uint Expected(ref VirtualPlic plic)
    {
        var signals = 0u;
        for (var context = 0u; context < 4; context++)
        {
            plic.TryRead(0x200000 + (0x1000 * context), out var threshold);
            for (var source = 1u; source < VirtualPlic.SourceCount; source++)
            {
                plic.TryRead(4 * source, out var priority);
                plic.TryRead(0x1000 + (source / 32 * 4), out var pending);
                plic.TryRead(0x2000 + (0x80 * context) + (source / 32 * 4), out var enabled);
                if (priority > threshold && (((pending & enabled) >> (int)(source % 32)) & 1) != 0)
                {
                    signals |= 1u << (int)context;
                }
            }
        }

        return signals;
    }

    private void Allow(uint source, uint priority)
    {
        Write(4 * source, priority);
        var word = 0x2000 + (0x80 * Supervisor) + (source / 32 * 4);
        Write(word, Read(word) | (1u << (int)(source % 32)));
    }

    private uint Claim() => Read(0x201004);

    private void Complete(uint source) => Write(0x201004, source);

    private uint Read(uint offset)
    {
        Assert.That(_plic.TryRead(offset, out var value), Is.True);
        return (uint)value;
    }

    private void Write(uint offset, uint value) => Assert.That(_plic.TryWrite(offset, value), Is.True);
}
