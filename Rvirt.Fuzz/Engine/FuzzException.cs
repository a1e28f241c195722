using System;

namespace Rvirt.Fuzz.Engine;

/// <summary>The code under test answered, and the answer is wrong.</summary>
internal sealed class FuzzException(string message) : Exception(message)
{
    /// <summary>Throws unless something holds.</summary>
    public static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new FuzzException(message);
        }
    }
}
