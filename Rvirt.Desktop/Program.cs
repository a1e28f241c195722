using System.CommandLine;
using Rvirt.Desktop.Running;

var root = new RootCommand("The reference machine on this desktop: guests on an interpreted RISC-V hart, natively and under Rvirt.")
{
    RunCommand.Create(),
};
return root.Parse(args).Invoke();
