using Rvirt.Core.Traps;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Machine;
using Rvirt.Mmu;
using Rvirt.Reference;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>A guest on the reference machine, as trap handling takes it.</summary>
internal readonly struct VirtualGuestContext(VirtualGuest guest) : ITrapContext<FakeHost, ShadowMmuAdapter<FakeHost>, GuestBus<FakeHost>>
{
    public ref FakeHost Host => ref guest.Host;

    public ref VCpu VirtualHart => ref guest.VCpu;

    public ShadowMmuAdapter<FakeHost> Mmu => guest.MmuReference;

    public ref GuestBus<FakeHost> Bus => ref guest.Bus;

    public void Leave(TrapOutcome outcome, ulong cause, ulong value) => guest.Leave(outcome, cause);
}
