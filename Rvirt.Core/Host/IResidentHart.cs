namespace Rvirt.Core.Host;

/// <summary>
/// What a hart itself holds of a guest whose kernel runs in its S-mode, above a hypervisor in its M-mode. Called by that way to run guests alone, where the
/// hypervisor is in M-mode.
/// </summary>
/// <remarks>
/// The guest's supervisor CSRs are the hart's own then. The interrupts of the hypervisor itself are M-mode's: <see cref="ISupervisorCsrs"/> names them by
/// the bits that S-mode's have, and its <c>sstatus</c> is the guest's.
/// </remarks>
public interface IResidentHart
{
    /// <summary>Reads <c>mstatus</c>.</summary>
    ulong ReadMstatus();

    /// <summary>Writes <c>mstatus</c>.</summary>
    void WriteMstatus(ulong value);

    /// <summary>Reads a supervisor CSR; zero where the hart has none of that number.</summary>
    /// <param name="number">Its number, as instructions name it.</param>
    ulong ReadSupervisor(uint number);

    /// <summary>Writes a supervisor CSR, if the hart has it.</summary>
    /// <param name="number">Its number, as instructions name it.</param>
    /// <param name="value">The value.</param>
    void WriteSupervisor(uint number, ulong value);

    /// <summary>Raises interrupts of S-mode, or takes them back.</summary>
    /// <param name="bits">Bits as in <c>sip</c>.</param>
    /// <param name="pending">Whether they are to be pending.</param>
    void SetSupervisorPending(ulong bits, bool pending);
}
