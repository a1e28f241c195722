using System.Threading;
using NUnit.Framework;
using Rvirt.Core.Host;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Core.Host;

/// <summary>One hart at a time holds the lock.</summary>
public sealed class TicketLockTests
{
    private TicketLock _lock;

    private int _guarded;

    [SetUp]
    public void StartFree()
    {
        _lock = default;
        _guarded = 0;
    }

    [Test]
    public void ALockIsTakenOnlyWhereItIsFree()
    {
        Assert.That(_lock.TryAcquire(), Is.True);
        Assert.That(_lock.TryAcquire(), Is.False);
        _lock.Release();
        _lock.Acquire();
        Assert.That(_lock.TryAcquire(), Is.False);
        _lock.Release();
        Assert.That(_lock.TryAcquire(), Is.True);
    }

    [Test]
    public void WhoAsksForAHeldLockGetsItWhenItIsGivenBack()
    {
        _lock.Acquire();
        var other = Start(1);
        // It spins, or has not got there yet: either way it must not come through.
        Thread.Yield();
        Assert.That(other.IsAlive, Is.True, "it waits");
        Assert.That(_guarded, Is.Zero);
        _lock.Release();
        Assert.That(other.Join(Patience.Least), Is.True);
        Assert.That(_guarded, Is.EqualTo(1));
    }

    [Test]
    public void TwoHartsNeverHoldIt()
    {
        const int Times = 300;
        var other = Start(Times);
        Count(Times);
        Assert.That(other.Join(Patience.Least), Is.True);
        Assert.That(_guarded, Is.EqualTo(2 * Times), "no count is lost");
    }

    private Thread Start(int times)
    {
        var thread = new Thread(() => Count(times)) { IsBackground = true };
        thread.Start();
        return thread;
    }

    private void Count(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _lock.Acquire();
            _guarded++;
            _lock.Release();
        }
    }
}
