namespace Rvirt.Desktop.Running;

/// <summary>What to run, and until when.</summary>
internal sealed record RunSettings
{
    public required string Kernel { get; init; }

    public string? Initrd { get; init; }

    public string? Disk { get; init; }

    public required string Arguments { get; init; }

    /// <summary>Bytes of each guest's RAM.</summary>
    public required ulong Memory { get; init; }

    /// <summary>How many guests.</summary>
    public int Guests { get; init; } = 1;

    /// <summary>Without Rvirt.</summary>
    public bool Native { get; init; }

    /// <summary>Whether the hart is one that shows every missing fence.</summary>
    public bool Strict { get; init; }

    /// <summary>Text on the console that ends the run well; null: the guest's own end does.</summary>
    public string? Until { get; init; }

    /// <summary>Lines to type, each <c>PROMPT=TEXT</c>.</summary>
    public string[] Replies { get; init; } = [];

    /// <summary>Instructions at most.</summary>
    public required ulong Limit { get; init; }
}
