using System.Collections.Generic;
using System.IO;

namespace Rvirt.Tool.Files;

/// <summary>Other programs, started without a shell.</summary>
public interface IPrograms
{
    /// <summary>
    /// Becomes another program: same process, same terminal. Its exit status and every signal are its own, and none of it outlives us.
    /// </summary>
    /// <returns>Nothing where it becomes one; what stands in for it in a test gives an exit status.</returns>
    /// <exception cref="IOException">It cannot be started.</exception>
    int Become(string program, IReadOnlyList<string> arguments);

    /// <summary>Starts a program that ends with this one, however that ends.</summary>
    /// <remarks>The calling thread has to live as long as this program does.</remarks>
    /// <exception cref="IOException">It cannot be started.</exception>
    IProgram Start(string program, IReadOnlyList<string> arguments);

    /// <summary>Runs a program to its end; what it says goes into the exception when it fails.</summary>
    /// <exception cref="IOException">It failed or is missing.</exception>
    void Run(string program, params string[] arguments);

    /// <summary>The same, for a program that reads a text.</summary>
    /// <exception cref="IOException">It failed or is missing.</exception>
    void Feed(string input, string program, params string[] arguments);
}
