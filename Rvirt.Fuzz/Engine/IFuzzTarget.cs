using System;
using System.Collections.Generic;

namespace Rvirt.Fuzz.Engine;

/// <summary>Code that reads bytes nobody vouches for, and how to tell that it did wrong.</summary>
internal interface IFuzzTarget
{
    /// <summary>Its name on the command line, and its folder in the corpus.</summary>
    string Name { get; }

    /// <summary>Longest input worth trying.</summary>
    int MaximumLength { get; }

    /// <summary>Pieces that inputs are likely to be made of.</summary>
    IReadOnlyList<byte[]> Dictionary { get; }

    /// <summary>Feeds it an input.</summary>
    /// <exception cref="Exception">Any: the code under test did wrong.</exception>
    void Run(ReadOnlySpan<byte> input);
}
