/* The ways out of a resident guest and back, and traps of the hypervisor, where it runs in M-mode: as in S-mode, by M-mode's CSRs.
 *
 * A trap out of a guest changes MIE, MPIE and MPP of mstatus only. MIE is zero in the hypervisor, and means nothing in lower modes; MPP is the mode that
 * the guest was in, where mret leads back. Where the guest takes an exception instead, C# writes it.
 */
#define TRAP_CSR(name)  m##name
#define TRAP_VALUE      mtval
#define TRAP_NAME(name) name##_of_machine
#define TRAP_RETURN     mret

#include "TrapVector.S"
#undef X
#include "TraceVector.S"
#undef X
#include "HostTrap.S"
