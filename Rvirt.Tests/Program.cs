using System;
using Rvirt.Tests.Lockstep;

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
            default:
                Console.Error.WriteLine("usage: lockstep [INSTRUCTIONS] [FIRST-SEED] [JOBS] [PUT-DOWN] [VECTORS] [SIBLINGS]");
                return 2;
        }
    }
}
