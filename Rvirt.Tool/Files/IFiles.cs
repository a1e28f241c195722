using System.Collections.Generic;
using System.IO;

namespace Rvirt.Tool.Files;

/// <summary>What it takes to write a file: each of these fails where a disk is full or broken.</summary>
public interface IFiles
{
    /// <summary>Whether a path is that of a folder.</summary>
    bool IsFolder(string path);

    /// <summary>Makes a folder and those above it, where they are not there yet.</summary>
    void MakeFolder(string path);

    /// <summary>Makes a file, or empties one.</summary>
    Stream Create(string path);

    /// <summary>Has what was written to a stream of <see cref="Create"/> be on the disk.</summary>
    void Flush(Stream file);

    /// <summary>Renames a file, in place of another one.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file, where it is there.</summary>
    void Remove(string path);

    /// <summary>The names of the files of a folder that begin and end so.</summary>
    IEnumerable<string> Find(string folder, string begin, string end);

    /// <summary>This process.</summary>
    int Process { get; }

    /// <summary>Whether there is such a process.</summary>
    bool IsRunning(int process);
}
