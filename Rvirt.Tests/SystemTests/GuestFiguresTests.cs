using System;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>What operations cost a guest stays within the limits of docs/performance.md. Instructions are counted, so a busy machine changes nothing.</summary>
[Category("System,Image")]
public sealed class GuestFiguresTests
{
    [Test]
    public void Operations_keep_their_limits_with_the_machine_mode_part()
    {
        _ = (Repository.Image(Firmware.Stub), Repository.Kernel, Repository.Initrd);
        var (status, output) = Commands.Run("dotnet", [Repository.Benchmarks, "guest", "--without-sbi"], TimeSpan.FromMinutes(8));
        TestContext.Out.WriteLine(output);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("null system call").And.Contain("Linux: getpid"));
    }
}
