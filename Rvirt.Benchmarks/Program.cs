using System;
using Rvirt.Benchmarks.Desktop;
using Rvirt.Benchmarks.Guest;
using Rvirt.Benchmarks.Publishing;

namespace Rvirt.Benchmarks;

internal static class Program
{
    private const string Usage = """
        guest [--docs] [--without-linux-above-sbi]
                         what operations cost a guest: natively, under both images, beside RVirt's figures;
                         --docs puts the table into docs/performance.md; fails where a limit is exceeded
        harts [--docs]   what interrupts and fences from hart to hart and world switches cost, natively and under both images;
                         --docs puts the table into docs/performance.md; fails where a limit is exceeded
        profile [linux|rows] [stub|resident|sbi]   where the hypervisor's instructions go, by function, while Linux boots or the guest of the
                         first table runs (default: linux resident)
        trace ROW [stub|resident|sbi]   where the hypervisor's instructions of one operation go, by function; ROW is a row of the first table but
                         those of Linux (default: stub, then resident)
        nested [--docs]  what they cost with Rvirt in Rvirt, up to three levels deep; --docs puts the table into docs/nested.md
        desktop [--docs] ...   the libraries on this machine; what follows goes to BenchmarkDotNet (default: --filter *);
                         fails where an operation allocates memory
        publish [--docs] how long both images take to publish, from nothing and after a change; --docs puts the table into
                         docs/performance.md; fails where a limit is exceeded
        size [IMAGE]     where an image's bytes go, by namespace (default: artifacts/images/rvirt-qemu.elf)
        (nothing)        all of them but profile, trace, nested and size
        """;

    private static int Main(string[] args)
    {
        switch (args.Length == 0 ? "" : args[0])
        {
            case "":
                var status = GuestBenchmark.Run(intoDocs: false, linuxAboveSbi: true);
                status = Math.Max(status, HartBenchmark.Run(intoDocs: false));
                status = Math.Max(status, PublishBenchmark.Run(intoDocs: false));
                return Math.Max(status, DesktopBenchmark.Run([]));
            case "guest":
                return GuestBenchmark.Run(Array.IndexOf(args, "--docs") > 0, linuxAboveSbi: Array.IndexOf(args, "--without-linux-above-sbi") < 0);
            case "harts":
                return HartBenchmark.Run(intoDocs: Array.IndexOf(args, "--docs") > 0);
            case "profile":
                return ProfileBenchmark.Run(args.AsSpan(1));
            case "trace":
                return TraceBenchmark.Run(args.AsSpan(1));
            case "nested":
                return NestedBenchmark.Run(intoDocs: Array.IndexOf(args, "--docs") > 0);
            case "publish":
                return PublishBenchmark.Run(intoDocs: Array.IndexOf(args, "--docs") > 0);
            case "size":
                return SizeReport.Run(args.Length > 1 ? args[1] : "artifacts/images/rvirt-qemu.elf");
            case "desktop":
                return DesktopBenchmark.Run(args[1..]);
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }
}
