using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Rvirt.Tests.Ratios;

/// <summary>Something that takes a guest time: a row of the table.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Prepare">What the guest does before, for as long as it likes.</param>
/// <param name="Timed">What is timed, in the guest's bash; PORT is that of <see cref="RatioPeer"/>.</param>
internal sealed record RatioRow(string Name, string Prepare, string Timed)
{
    /// <summary>How much goes to the disk and through the network.</summary>
    public const int Megabytes = 32;

    /// <summary>How many functions the program has that is compiled.</summary>
    public const int Functions = 50;

    /// <summary>The name of the row that no script is for: from QEMU's start to the guest's word that SSH answers.</summary>
    public const string Boot = "boot to SSH";

    private const string ToPeer = "/dev/tcp/10.0.2.2/PORT";

    /// <summary>What is timed after a boot, in order.</summary>
    public static IReadOnlyList<RatioRow> All { get; } =
    [
        new("hash 32 MiB (`sha256sum`)", "", "head -c 33554432 /dev/zero | sha256sum"),
        new($"compile {Functions} functions of C (`cc1 -O2`)", "cc/cc1 -quiet -version < /dev/null > /dev/null 2>&1; sync", "cc/cc1 -quiet -O2 program.c -o program.s"),
        new("start 200 programs, one after another", "", "for i in {1..200}; do /bin/true; done"),
        new($"write {Megabytes} MiB to the disk, and flush", "rm -f written; sync", $"dd if=/dev/zero of=written bs=1M count={Megabytes} conv=fsync 2> /dev/null"),
        new($"read {Megabytes} MiB from the disk", "echo 3 > /proc/sys/vm/drop_caches", "cat written > /dev/null"),
        new($"receive {Megabytes} MiB by TCP", "", $"exec 3<> {ToPeer}; printf r >&3; cat <&3 > /dev/null"),
        new($"send {Megabytes} MiB by TCP", "", $"exec 3<> {ToPeer}; printf s >&3; head -c {Megabytes << 20} /dev/zero >&3; read -N 1 <&3"),
    ];

    /// <summary>The name of the table's every row, in order.</summary>
    public static IEnumerable<string> Names => All.Select(row => row.Name).Prepend(Boot);

    /// <summary>The command that does it, and prints the microseconds that it took by the guest's clock.</summary>
    /// <param name="port">Where <see cref="RatioPeer"/> listens.</param>
    public string Command(int port) => string.Create(CultureInfo.InvariantCulture, $"cd /root; {{ {(Prepare.Length == 0 ? ":" : Prepare)}; }} && from=${{EPOCHREALTIME/./}} && {{ {Timed}; }} > /dev/null && echo $((${{EPOCHREALTIME/./}} - from))")
        .Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
