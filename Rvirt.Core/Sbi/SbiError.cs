namespace Rvirt.Core.Sbi;

/// <summary>Error codes of SBI calls (SBI 2.0 §3).</summary>
public enum SbiError : long
{
    /// <summary>Completed.</summary>
    Success = 0,

    /// <summary>Failed for an unknown reason.</summary>
    Failed = -1,

    /// <summary>No such extension or function.</summary>
    NotSupported = -2,

    /// <summary>An argument is invalid.</summary>
    InvalidParam = -3,

    /// <summary>Not allowed.</summary>
    Denied = -4,

    /// <summary>An address is invalid.</summary>
    InvalidAddress = -5,

    /// <summary>Already available.</summary>
    AlreadyAvailable = -6,

    /// <summary>Already started.</summary>
    AlreadyStarted = -7,

    /// <summary>Already stopped.</summary>
    AlreadyStopped = -8,

    /// <summary>There is no shared memory.</summary>
    NoSharedMemory = -9,
}
