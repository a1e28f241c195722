using System;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>What <c>dotnet publish</c> of the board takes. Processor time is measured, as a busy machine stretches the other.</summary>
[Category("System,Image")]
[NonParallelizable]
public sealed partial class PublishTests
{
    private const double Seconds = 15;

    [Test]
    public void Both_images_are_compiled_in_time()
    {
        using var folder = new TemporaryFolder();
        var images = folder.File("images") + "/";
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var publish = $"dotnet publish '{Path.Combine(Repository.Top, "Rvirt.Platform.Qemu")}' -c {configuration} --nologo -v q -nodeReuse:false "
            + $"-p:UseSharedCompilation=false -p:RvirtImageDirectory='{images}' && times";
        var (status, output) = Commands.Run("bash", ["-c", publish], TimeSpan.FromMinutes(5));
        Assert.That(status, Is.Zero, output);
        Assert.That(File.Exists(images + "rvirt-qemu.elf") && File.Exists(images + "rvirt-qemu-sbi.elf"), output);
        // The second line of times: user and system time of the children.
        var times = Times().Matches(output);
        Assert.That(times, Has.Count.EqualTo(4), output);
        var spent = Total(times[2]) + Total(times[3]);
        TestContext.Out.WriteLine($"publishing both images: {spent:F1} s of processor time");
        Assert.That(spent, Is.InRange(0.5, Seconds), output);
    }

    private static double Total(Match time) =>
        (60 * double.Parse(time.Groups[1].Value, CultureInfo.InvariantCulture)) + double.Parse(time.Groups[2].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+)m([\d.]+)s")]
    private static partial Regex Times();
}
