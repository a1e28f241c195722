namespace Rvirt.Core.Sbi;

/// <summary>What an SBI call returns in a0 and a1 (SBI 2.0 §3).</summary>
internal readonly struct SbiResult
{
    /// <summary>Makes a result.</summary>
    public SbiResult(SbiError error, ulong value = 0)
    {
        Error = error;
        Value = value;
    }

    /// <summary>For a0.</summary>
    public readonly SbiError Error;

    /// <summary>For a1.</summary>
    public readonly ulong Value;

    /// <summary>Success with a value.</summary>
    public static SbiResult Success(ulong value = 0) => new(SbiError.Success, value);
}
