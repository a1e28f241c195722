namespace Rvirt.Reference.Harts;

/// <summary>M-mode software written in C#: it serves traps that are not delegated.</summary>
public interface IFirmware
{
    /// <summary>Serves a trap. The hart's state is that before the trap: pc is at the instruction, the mode is the one it came from.</summary>
    /// <param name="hart">The hart.</param>
    /// <param name="cause">As <c>mcause</c>.</param>
    /// <param name="value">As <c>mtval</c>.</param>
    void HandleTrap(Hart hart, ulong cause, ulong value);
}
