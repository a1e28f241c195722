using Rvirt.Core.Privileged;

namespace Rvirt.Mmu;

/// <summary>Which accesses of a guest a set of shadow tables answers: the same guest tables look different to each.</summary>
public static class ViewKind
{
    /// <summary>Guest U-mode; also everything with translation off.</summary>
    public const int User = 0;

    /// <summary>Guest S-mode with SUM clear.</summary>
    public const int Kernel = 1;

    /// <summary>Guest S-mode with SUM set.</summary>
    public const int KernelWithUser = 2;

    /// <summary>Added to a view where MXR is set.</summary>
    public const int Mxr = 3;

    /// <summary>Number of views.</summary>
    public const int Count = 6;

    /// <summary>The view that fits the guest's state.</summary>
    public static int Of(PrivilegeMode mode, bool sum, bool mxr) =>
        (mode == PrivilegeMode.User ? User : sum ? KernelWithUser : Kernel) + (mxr ? Mxr : 0);

    /// <summary>The view without its MXR.</summary>
    public static int Base(int view) => view >= Mxr ? view - Mxr : view;

    /// <summary>Whether MXR is set in a view.</summary>
    public static bool HasMxr(int view) => view >= Mxr;
}
