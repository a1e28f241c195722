using System;
using System.IO;
using System.Linq;

namespace Rvirt.Aot.Cli;

/// <summary>Finds the pinned core library: in the folder that the compiler's package has for it, or where the build of the compiler recorded that it lies.</summary>
public static class CoreLibraryLocator
{
    private const string RecordName = "corelib.path";
    private const string Name = "System.Private.CoreLib.dll";
    private const string PackagedFolder = "framework";

    /// <summary>The path of System.Private.CoreLib.dll, or null.</summary>
    public static string? Find(string? given)
    {
        if (given is not null)
        {
            return Directory.Exists(given) ? Path.Combine(given, Name) : given;
        }
        var packaged = Path.Combine(AppContext.BaseDirectory, PackagedFolder, Name);
        if (File.Exists(packaged))
        {
            return packaged;
        }
        var record = Path.Combine(AppContext.BaseDirectory, RecordName);
        return File.Exists(record) && File.ReadLines(record).FirstOrDefault()?.Trim() is { Length: > 0 } path && File.Exists(path) ? path : null;
    }
}
