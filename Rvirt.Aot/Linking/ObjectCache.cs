using System;
using System.IO;
using System.Linq;

namespace Rvirt.Aot.Linking;

/// <summary>
/// Objects of earlier runs, each named by a hash of all that it was made of: what changes in any way has another name, so what is here is
/// never out of date. Several compilers may use one at a time.
/// </summary>
public sealed class ObjectCache(string directory)
{
    /// <summary>Objects that are kept; of more than these the ones not used for longest go.</summary>
    public const int Capacity = 128;

    /// <summary>Copies an object to where it is wanted.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryTake(string key, string target)
    {
        var path = PathOf(key);
        try
        {
            File.Copy(path, target, overwrite: true);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Keeps an object for later runs.</summary>
    public void Keep(string key, string source)
    {
        Directory.CreateDirectory(directory);
        // Renamed when whole: no other run sees a part of it.
        var part = Path.Combine(directory, $"{Guid.NewGuid():N}.part");
        File.Copy(source, part);
        File.Move(part, PathOf(key), overwrite: true);
    }

    /// <summary>Removes what has not been used for longest.</summary>
    public void Trim()
    {
        var folder = new DirectoryInfo(directory);
        if (!folder.Exists)
        {
            return;
        }
        foreach (var file in folder.GetFiles("*.o").OrderByDescending(file => file.LastWriteTimeUtc).Skip(Capacity))
        {
            file.Delete();
        }
    }

    private string PathOf(string key) => Path.Combine(directory, key + ".o");
}
