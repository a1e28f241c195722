using System;

namespace Rvirt.Fuzz.Engine;

/// <summary>An input that the target did wrong on.</summary>
internal sealed class FuzzFind(byte[] input, Exception error) : Exception($"{error.GetType().Name}: {error.Message}, for the input {Convert.ToHexStringLower(input)}", error)
{
    /// <summary>The input.</summary>
    public byte[] Input => input;
}
