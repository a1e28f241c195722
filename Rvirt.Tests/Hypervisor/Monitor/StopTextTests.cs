using System;
using System.Linq;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Monitor;

namespace Rvirt.Tests.Hypervisor.Monitor;

/// <summary>Each reason for which a guest stops has words of its own, and a column has room for them.</summary>
internal sealed class StopTextTests
{
    // The width of the column, less what parts it from the next, and less a code of five digits.
    private const int Column = 22;
    private const int Code = 6;

    [Test]
    public void EachReasonHasARowOfItsOwn()
    {
        var rows = Enum.GetValues<StopReason>().Append((StopReason)200).Select(reason => (Reason: reason, Report: Report(reason), State: State(reason))).ToArray();
        Assert.That(rows.Select(row => row.Report), Is.Unique);
        Assert.That(rows.Select(row => row.State), Is.Unique);
        Assert.That(rows.Where(row => !row.Report.StartsWith(' ') || row.State.Length + (row.Reason == StopReason.Failure ? Code : 0) > Column), Is.Empty);
    }

    private static string Report(StopReason reason) => Encoding.ASCII.GetString(StopText.Of(reason).Report);

    private static string State(StopReason reason) => Encoding.ASCII.GetString(StopText.Of(reason).State);
}
