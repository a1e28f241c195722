using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Tests.Hypervisor;

/// <summary>What can be asked of a guest, by the state it is in.</summary>
internal sealed class GuestStateTests
{
    [TestCase(GuestState.Created, "Start")]
    [TestCase(GuestState.Running, "Pause Restart Kill")]
    [TestCase(GuestState.Pausing, "Resume Restart Kill")]
    [TestCase(GuestState.Paused, "Resume Restart Kill")]
    [TestCase(GuestState.Copying, "")]
    [TestCase(GuestState.Stopping, "")]
    [TestCase(GuestState.Stopped, "Start")]
    [TestCase(GuestState.Dead, "")]
    public void ItTakes(GuestState state, string requests) =>
        Assert.That(string.Join(' ', Enum.GetValues<LifeRequest>().Where(request => state.Takes(request))), Is.EqualTo(requests));
}
