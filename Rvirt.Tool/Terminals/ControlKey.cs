namespace Rvirt.Tool.Terminals;

/// <summary>Control characters as they are written: <c>^X</c>, X from @ to _.</summary>
public static class ControlKey
{
    /// <summary>The byte of one.</summary>
    /// <returns>Null for any other text.</returns>
    public static byte? Read(string? text) => text is ['^', >= '@' and <= '_' and var letter] ? (byte)(letter - '@') : null;
}
