using System;

namespace Rvirt.Core.Freestanding;

/// <summary>
/// Publishes the layout of a struct to assembly: the compiler writes <c>#define PREFIX_FIELD offset</c> for each field and
/// <c>#define PREFIX_SIZE size</c> into the generated include that the image's assembly files share.
/// </summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class AsmOffsetsAttribute : Attribute
{
    /// <summary>Names the prefix; field names are turned from PascalCase into UPPER_SNAKE_CASE.</summary>
    public AsmOffsetsAttribute(string prefix) => Prefix = prefix;

    /// <summary>The prefix of each name.</summary>
    public string Prefix { get; }
}
