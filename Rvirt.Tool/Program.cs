using System.CommandLine;
using Rvirt.Tool.Commands;

var root = new RootCommand("Builds and checks the blobs that carry guests to Rvirt.")
{
    BlobCommand.Create(),
    CheckCommand.Create(),
};
return root.Parse(args).Invoke();
