namespace Rvirt.Aot.Abi;

/// <summary>The export of a program that every failed check ends in.</summary>
public static class PanicHandler
{
    /// <summary>Its symbol.</summary>
    public const string Symbol = "rvirt_panic";
}
