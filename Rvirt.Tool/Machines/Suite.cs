namespace Rvirt.Tool.Machines;

/// <summary>The suites of Debian that a guest can be made of.</summary>
public static class Suite
{
    /// <summary>The setting that names one.</summary>
    public const string Setting = "SUITE";

    /// <summary>The one whose packages the repository pins, and which holds where none is named.</summary>
    public const string Pinned = "trixie";

    /// <summary>Debian's newest.</summary>
    public const string Newest = "sid";

    /// <summary>The one that was named.</summary>
    /// <exception cref="System.FormatException">There is no such suite.</exception>
    public static string Read(Settings.Setting settings) => settings.Choice(Setting, Pinned, "forky", Newest);
}
