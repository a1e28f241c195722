using System;
using Rvirt.Tests.Lockstep;
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
            default:
                Console.Error.WriteLine("usage: lockstep [INSTRUCTIONS] [FIRST-SEED] [JOBS] [PUT-DOWN] [VECTORS] [SIBLINGS], or debian [stub|resident|sbi] [HARTS] [MEGABYTES] [RUNS], or picture");
                return 2;
        }
    }
}
