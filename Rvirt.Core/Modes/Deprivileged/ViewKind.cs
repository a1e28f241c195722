using System.Runtime.CompilerServices;
using Rvirt.Core.Privileged;

namespace Rvirt.Core.Modes.Deprivileged;

/// <summary>Which accesses of a guest a set of shadow tables answers: the same guest tables look different to each.</summary>
/// <remarks>Bit 0 is SUM, bit 1 MXR, as they stand side by side in <c>sstatus</c>; bit 2 says that the guest is in U-mode.</remarks>
internal static class ViewKind
{
    /// <summary>Guest S-mode with SUM clear.</summary>
    public const int Kernel = 0;

    /// <summary>Guest S-mode with SUM set.</summary>
    public const int KernelWithUser = 1;

    /// <summary>Added to a view where MXR is set.</summary>
    public const int Mxr = 2;

    /// <summary>Guest U-mode; also everything with translation off.</summary>
    public const int User = 4;

    /// <summary>Number of views, the two that U-mode with SUM would be among them.</summary>
    public const int Count = 8;

    /// <summary>The view that fits the guest's state. SUM says nothing about U-mode.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(PrivilegeMode mode, bool sum, bool mxr) =>
        (mode == PrivilegeMode.User ? User : sum ? KernelWithUser : Kernel) | (mxr ? Mxr : 0);

    /// <summary>The guest's mode in a view.</summary>
    public static PrivilegeMode Mode(int view) => (view & User) != 0 ? PrivilegeMode.User : PrivilegeMode.Supervisor;

    /// <summary>Whether S-mode may use user pages in a view.</summary>
    public static bool HasSum(int view) => (view & KernelWithUser) != 0;

    /// <summary>Whether executable pages are readable in a view.</summary>
    public static bool HasMxr(int view) => (view & Mxr) != 0;
}
