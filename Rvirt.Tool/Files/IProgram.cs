using System;
using System.IO;

namespace Rvirt.Tool.Files;

/// <summary>A program that runs, with its input and output here and its messages on this program's.</summary>
public interface IProgram : IDisposable
{
    /// <summary>What it is told.</summary>
    Stream Input { get; }

    /// <summary>What it says.</summary>
    Stream Output { get; }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit status.</returns>
    int Wait();
}
