namespace Rvirt.Core.Host;

/// <summary>The hart's address translation: <c>satp</c>, and the fences that order what page tables say.</summary>
public interface IFences
{
    /// <summary>Writes <c>satp</c>. Flushes nothing.</summary>
    void WriteSatp(ulong value);

    /// <summary><c>sfence.vma x0, x0</c>: orders all page-table updates.</summary>
    void SfenceAll();

    /// <summary><c>sfence.vma x0, asid</c>.</summary>
    void SfenceAsid(ulong asid);

    /// <summary><c>sfence.vma va, x0</c>.</summary>
    void SfencePage(ulong va);
}
