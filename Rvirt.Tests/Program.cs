using System;
using Rvirt.Tests.Lockstep;
using Rvirt.Tests.Ratios;
using Rvirt.Tests.Stress;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests;

/// <summary>What runs for longer than a test may: <c>make</c> starts it by name.</summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        switch (arguments.Length == 0 ? "" : arguments[0])
        {
            case "lockstep":
                return LockstepCommand.Run(arguments.AsSpan(1));
            case "debian":
                return DistributionCommand.Run(arguments.AsSpan(1));
            case "picture":
                return PictureCommand.Run();
            case "stress":
                return StressCommand.Run(arguments.AsSpan(1));
            case "ratios":
                return RatioCommand.Run(arguments.AsSpan(1));
            default:
                Console.Error.WriteLine("usage: lockstep [INSTRUCTIONS] [FIRST-SEED] [JOBS] [PUT-DOWN] [VECTORS] [SIBLINGS], or debian [stub|resident|sbi] [HARTS] [MEGABYTES] [RUNS], or stress FIRMWARE HARTS HOST-HARTS,... SECONDS CLASS|all, or ratios RUNS DOCS, or picture");
                return 2;
        }
    }
}
