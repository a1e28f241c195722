using System;

namespace Rvirt.Core.Host;

/// <summary>
/// What a hart offers to a hypervisor that runs in its M-mode, below a guest's kernel in its S-mode. A host whose hypervisor runs in S-mode need not
/// say anything: nothing else is called where <see cref="IsResident"/> is false.
/// </summary>
/// <remarks>
/// The guest's supervisor CSRs are the hart's own then. The interrupts of the hypervisor itself are M-mode's: <see cref="ISupervisorCsrs"/> names them by
/// the bits that S-mode's have, and its <c>sstatus</c> is the guest's.
/// </remarks>
public interface IResidentHart
{
    /// <summary>Whether the hypervisor runs in M-mode.</summary>
    bool IsResident => false;

    /// <summary>Reads <c>mstatus</c>.</summary>
    ulong ReadMstatus() => throw new NotSupportedException();

    /// <summary>Writes <c>mstatus</c>.</summary>
    void WriteMstatus(ulong value) => throw new NotSupportedException();

    /// <summary>Reads a supervisor CSR; zero where the hart has none of that number.</summary>
    /// <param name="number">Its number, as instructions name it.</param>
    ulong ReadSupervisor(uint number) => throw new NotSupportedException();

    /// <summary>Writes a supervisor CSR, if the hart has it.</summary>
    /// <param name="number">Its number, as instructions name it.</param>
    /// <param name="value">The value.</param>
    void WriteSupervisor(uint number, ulong value) => throw new NotSupportedException();

    /// <summary>Raises interrupts of S-mode, or takes them back.</summary>
    /// <param name="bits">Bits as in <c>sip</c>.</param>
    /// <param name="pending">Whether they are to be pending.</param>
    void SetSupervisorPending(ulong bits, bool pending) => throw new NotSupportedException();
}
