using System;
using BenchmarkDotNet.Running;
using Rvirt.Benchmarks.Guest;

namespace Rvirt.Benchmarks;

internal static class Program
{
    private const string Usage = """
        guest [--docs]   what operations cost a guest: natively, under both images, beside RVirt's figures;
                         --docs puts the table into docs/performance.md
        desktop ...      the libraries on this machine; what follows goes to BenchmarkDotNet (default: --filter * --job short)
        (nothing)        both
        """;

    private static int Main(string[] args)
    {
        switch (args.Length == 0 ? "" : args[0])
        {
            case "":
                var status = GuestBenchmark.Run(intoDocs: false);
                Desktop(["--filter", "*", "--job", "short"]);
                return status;
            case "guest":
                return GuestBenchmark.Run(intoDocs: Array.IndexOf(args, "--docs") > 0);
            case "desktop":
                Desktop(args.Length > 1 ? args[1..] : ["--filter", "*", "--job", "short"]);
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static void Desktop(string[] args) => BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
