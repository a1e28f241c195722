using System;
using System.IO;
using System.Linq;

namespace Rvirt.Aot.Cli;

/// <summary>Finds the pinned core library: its path was recorded beside the compiler when that was built.</summary>
public static class CoreLibraryLocator
{
    private const string RecordName = "corelib.path";

    /// <summary>The path of System.Private.CoreLib.dll, or null.</summary>
    public static string? Find(string? given)
    {
        if (given is not null)
        {
            return Directory.Exists(given) ? Path.Combine(given, "System.Private.CoreLib.dll") : given;
        }
        var record = Path.Combine(AppContext.BaseDirectory, RecordName);
        return File.Exists(record) && File.ReadLines(record).FirstOrDefault()?.Trim() is { Length: > 0 } path && File.Exists(path) ? path : null;
    }
}
