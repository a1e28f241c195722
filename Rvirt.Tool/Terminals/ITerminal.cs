using System;
using System.IO;

namespace Rvirt.Tool.Terminals;

/// <summary>The terminal that this program was started at.</summary>
public interface ITerminal
{
    /// <summary>What is typed.</summary>
    Stream Input { get; }

    /// <summary>What is seen.</summary>
    Stream Output { get; }

    /// <summary>Has every key arrive as it is typed until that is disposed; nothing, where it is no terminal.</summary>
    IDisposable MakeRaw();
}
