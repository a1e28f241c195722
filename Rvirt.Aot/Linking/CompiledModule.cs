namespace Rvirt.Aot.Linking;

/// <summary>What a run of the compiler leaves of a module, so that a later one with the same assemblies need not read them.</summary>
/// <param name="ObjectKey">The key of its object.</param>
/// <param name="Note">What was said of it: how much stack it uses.</param>
/// <param name="Offsets">The generated include of assembly files.</param>
public sealed record CompiledModule(string ObjectKey, string Note, string Offsets)
{
    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static CompiledModule? Read(string text) =>
        text.Split('\n', 3) is [var key, var note, var offsets] ? new CompiledModule(key, note, offsets) : null;

    /// <summary>A line for each of the key and the note, then the include.</summary>
    public string Write() => $"{ObjectKey}\n{Note}\n{Offsets}";
}
