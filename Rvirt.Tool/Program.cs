using System.CommandLine;
using Rvirt.Tool.Commands;
using Rvirt.Tool.Machines;

var root = new RootCommand("Builds and checks the blobs that carry guests to Rvirt, runs them on QEMU, and is the terminal of machines that run.")
{
    BlobCommand.Create(),
    CheckCommand.Create(),
    RunCommand.Create(),
    ConsoleCommand.Create(),
    MonitorCommand.Create(),
    GuestsCommand.Create(),
    TraceCommand.Create(),
    GuestDebuggerCommand.Create(),
    SymbolsCommand.Create(),
    CompletionCommand.Create(),
    RunCommand.CreateForDebugger(),
    RunCommand.CreateForDistribution(),
    CardCommand.CreateFit(),
    CardCommand.CreateCard(),
    SshCommand.Create(),
    GdbCommand.Create(),
    SettingsCommand.Create(),
    MakeCommand.CreateDotnet("desktop", "Boots the Debian guest on the reference machine.", DotnetPlan.Desktop),
    MakeCommand.CreateDotnet("lockstep", "Runs random privileged programs on the reference machine and under Rvirt.", DotnetPlan.Lockstep),
    MakeCommand.CreateDotnet("debian-test", "Boots a whole Debian twice, installs a package in it, and boots it without Rvirt.", DotnetPlan.DistributionTest),
    MakeCommand.CreateDotnet("ratios", "Times a Debian guest under Rvirt and without.", DotnetPlan.Ratios),
    MakeCommand.CreateDotnet("stress", "Runs stress-ng in a Debian guest of several harts.", DotnetPlan.Stress),
    MakeCommand.CreateDotnet("fuzz", "Feeds bad input to what reads untrusted bytes.", DotnetPlan.Fuzz),
    MakeCommand.CreateDotnet("mutation", "Changes a library and sees whether its tests notice.", DotnetPlan.Mutation, "Rvirt.Mutation"),
    MakeCommand.CreateDotnet("bench", "Runs the benchmarks.", DotnetPlan.Bench),
    MakeCommand.CreateDotnet("test", "Runs the tests.", DotnetPlan.Test),
};
return root.Parse(args).Invoke();
