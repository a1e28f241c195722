using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.Core.DeviceTree;

/// <summary>Nothing of the board is missing unnoticed: each node of QEMU's own tree has its row in docs/guests.md, and guests have what the rows say.</summary>
internal sealed class BoardTableTests
{
    private static readonly List<string> s_board = BoardTable.Nodes(Tools.DumpQemu("-smp 2"));
    private static readonly List<string> s_guest = BoardTable.Nodes(GuestDeviceTreeTests.Generate(GuestDeviceTreeTests.Describe(2)));

    // What newer versions of QEMU have, and the one here may not.
    private static readonly string[] s_newer = ["/aliases"];

    private static IEnumerable<string> Rows(bool offered) => BoardTable.Rows.Where(row => row.Value == offered).Select(row => row.Key);

    [Test]
    public void EachNodeOfTheBoardHasARow()
    {
        Assert.That(s_board, Does.Contain("/soc/rtc@101000").And.Contain("/cpus/cpu-map/cluster0/core1"));
        Assert.That(s_board.Where(node => BoardTable.Offers(node) is null), Is.Empty);
    }

    [Test]
    public void EachRowIsANodeOfTheBoard() => Assert.That(BoardTable.Rows.Keys.Except(s_newer).Where(row => !BoardTable.IsAmong(row, s_board)), Is.Empty);

    [Test]
    public void AGuestHasWhatIsOffered() => Assert.That(Rows(true).Where(row => !BoardTable.IsAmong(row, s_guest)), Is.Empty);

    [Test]
    public void AGuestHasNothingOfWhatIsNot() => Assert.That(Rows(false).Where(row => BoardTable.IsAmong(row, s_guest)), Is.Empty);

    [Test]
    public void AGuestHasNothingElse() => Assert.That(s_guest.Where(node => BoardTable.Offers(node) is not true), Is.Empty);
}
