using System;
using System.IO;
using System.Linq;

namespace Rvirt.Aot.Linking;

/// <summary>
/// Objects of earlier runs and what is known of their modules, each named by a hash of all that it was made of: what changes in any way has another name, so what is here is
/// never out of date. Several compilers may use one at a time.
/// </summary>
public sealed class ObjectCache(string directory)
{
    /// <summary>Files that are kept; of more than these the ones not used for longest go.</summary>
    public const int Capacity = 128;

    private const string ObjectExtension = ".o";
    private const string ModuleExtension = ".module";

    /// <summary>Copies an object to where it is wanted.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryTake(string key, string target) =>
        Use<object>(PathOf(key), path =>
        {
            File.Copy(path, target, overwrite: true);
            return path;
        }) is not null;

    /// <summary>Keeps an object for later runs.</summary>
    public void Keep(string key, string source) => Put(PathOf(key), part => File.Copy(source, part));

    /// <summary>What is known of a module; null where nothing is.</summary>
    public CompiledModule? TakeModule(string key) => Use(ModulePathOf(key), File.ReadAllText) is { } text ? CompiledModule.Read(text) : null;

    /// <summary>Keeps what is known of a module for later runs.</summary>
    public void KeepModule(string key, CompiledModule module) => Put(ModulePathOf(key), part => File.WriteAllText(part, module.Write()));

    /// <summary>Removes what has not been used for longest.</summary>
    public void Trim()
    {
        var folder = new DirectoryInfo(directory);
        if (!folder.Exists)
        {
            return;
        }
        foreach (var file in folder.GetFiles().Where(file => file.Extension is ObjectExtension or ModuleExtension).OrderByDescending(file => file.LastWriteTimeUtc).Skip(Capacity))
        {
            file.Delete();
        }
    }

    private static T? Use<T>(string path, Func<string, T> use)
        where T : class
    {
        try
        {
            var result = use(path);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return result;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    // Renamed when whole: no other run sees a part of it.
    private void Put(string path, Action<string> write)
    {
        Directory.CreateDirectory(directory);
        var part = Path.Combine(directory, $"{Guid.NewGuid():N}.part");
        write(part);
        File.Move(part, path, overwrite: true);
    }

    private string PathOf(string key) => Path.Combine(directory, key + ObjectExtension);

    private string ModulePathOf(string key) => Path.Combine(directory, key + ModuleExtension);
}
