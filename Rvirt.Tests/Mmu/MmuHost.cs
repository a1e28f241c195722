using Rvirt.Core.Host;

namespace Rvirt.Tests.Mmu;

/// <summary>The strict hart as a host for the shadow tables, which do nothing but write <c>satp</c> and fence.</summary>
internal readonly struct MmuHost(StrictHart hart) : IFences
{
    public void WriteSatp(ulong value) => hart.WriteSatp(value);

    public void SfenceAll() => hart.FenceAll();

    public void SfenceAsid(ulong asid) => hart.FenceAsid(asid);

    public void SfencePage(ulong va) => hart.FencePage(va);
}
