using System.CommandLine;
using Rvirt.Fuzz.Commands;

var root = new RootCommand("Feeds what reads untrusted bytes with changed ones, for as long as it is let.")
{
    RunCommand.Create(),
    WorkerCommand.Create(),
    ReplayCommand.Create(),
};
return root.Parse(args).Invoke();
