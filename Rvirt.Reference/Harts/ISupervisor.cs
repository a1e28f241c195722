namespace Rvirt.Reference.Harts;

/// <summary>S-mode software written in C#: it is called where the hart would jump to <c>stvec</c>.</summary>
public interface ISupervisor
{
    /// <summary>
    /// Serves a trap from U-mode into S-mode. The CSRs are as the trap left them and the hart is in S-mode; on return the hart does
    /// what <c>sret</c> does, with whatever registers and CSRs it finds.
    /// </summary>
    /// <param name="hart">The hart.</param>
    void HandleTrap(Hart hart);
}
