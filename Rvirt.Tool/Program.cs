using System.CommandLine;
using Rvirt.Tool.Commands;

var root = new RootCommand("Builds and checks the blobs that carry guests to Rvirt, and stands behind the Makefile's commands that run them.")
{
    BlobCommand.Create(),
    CheckCommand.Create(),
    RunCommand.Create(debug: false),
    RunCommand.Create(debug: true),
    SshCommand.Create(),
    GdbCommand.Create(),
    DesktopCommand.Create(),
};
return root.Parse(args).Invoke();
