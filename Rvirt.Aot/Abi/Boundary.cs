namespace Rvirt.Aot.Abi;

/// <summary>Which small integers of a call are extended to whole registers, as the calling convention of other languages has it.</summary>
public enum Boundary
{
    /// <summary>None: both sides are compiled here.</summary>
    None,

    /// <summary>Arguments are; a result is not trusted to be. For calls through pointers: any function may be behind one.</summary>
    Arguments,

    /// <summary>Arguments and results are: exports and imports.</summary>
    Both,
}
