using System;
using System.Linq;

namespace Rvirt.Tests.Aot.Suite;

/// <summary>What one round of a case did: it wrote values, or it failed.</summary>
/// <param name="Values">What it wrote; empty when it failed.</param>
/// <param name="Kind">Kind of panic, or null.</param>
/// <param name="Place">Where it failed: an address on the target, <c>file:line</c> on .NET.</param>
/// <param name="Text">The exception's type, and its message if known.</param>
internal sealed record Round(string Values, string? Kind, string Place, string Text)
{
    /// <summary>On .NET: true when the exception came from the core library, which has no lines of its own in an image.</summary>
    public bool IsInsideCoreLibrary { get; init; }

    /// <summary>Reads a round from a run's output.</summary>
    public static Round Parse(string text)
    {
        text = text.Trim();
        if (!text.StartsWith('!'))
        {
            return new Round(text, null, "", "");
        }
        var parts = text[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Round("", parts[0], parts[1] == "@" ? parts[2] : parts[1][1..], string.Join(' ', parts.Skip(parts[1] == "@" ? 3 : 2)));
    }

    /// <summary>Name of the exception, without its message.</summary>
    public string Exception => Text.Split(": ", 2)[0];
}
