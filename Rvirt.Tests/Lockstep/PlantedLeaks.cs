using Rvirt.Tests.Hypervisor.Interleaving;

namespace Rvirt.Tests.Lockstep;

/// <summary>What a switch between two virtual harts on one hart could forget: each shows as a difference from harts of their own.</summary>
internal static class PlantedLeaks
{
    private const string Switch = "Rvirt.Hypervisor/VirtualMachines/WorldSwitch.cs", Held = "Rvirt.Core/Modes/Deprivileged/HeldState.cs";

    /// <summary>Those that tests plant.</summary>
    public static readonly PlantedError[] All =
    [
        new("the next one's sc succeeds upon this one's lr", WorldKind.Shared, Switch, ("        host.DropReservation();\n", "")),
        new("the f and v registers that another one left are taken for its own", WorldKind.Shared, Switch, ("here && core->UnitsOwner == hart ?", "here ?")),
        new("the f and v registers are not stored", WorldKind.Shared, Switch, ("ref hart->V, core->Units);", "ref hart->V, HartUnits.None);")),
        new("the timer stays another one's", WorldKind.Shared, Switch, ("        HartTimer.Load(mode, ref host, ref v);\n", "")),
        new(
            "what was asked of it meanwhile is not served", WorldKind.Shared, Switch,
            ("HostInterrupt.ServeRequests(mode, ref host, ref v, ref mmu, ref bus);", "TrapOutcome.Resume;")),
        new("the other one's address space stays", WorldKind.Shared, "Rvirt.Core/Modes/Deprivileged/DeprivilegedMode.cs", ("        ChooseView(ref host, ref v, ref mmu);\n        v.Csrs.InterruptsChanged = true;", "        v.Csrs.InterruptsChanged = true;")),
        new(
            "all have the same ASIDs", WorldKind.Shared, "Rvirt.Hypervisor/Setup/GuestSetup.cs",
            ("        HostMmu<THost>.Initialize(\n", "        var asids = machine->Asids;\n        HostMmu<THost>.Initialize(\n"),
            ("machine->Translation, ref machine->Asids,", "machine->Translation, ref asids,")),
        new(
            "what U-mode may count stays another one's", WorldKind.Shared, Held,
            ("        host.WriteScounteren(v.Csrs.Mode == PrivilegeMode.User ? v.Csrs.Scounteren : TrapEntry.AllCounters);\n", "")),
        new("FS and VS stay another one's", WorldKind.Shared, Held, ("(host.ReadSstatus() & ~(v.Csrs.HardwareSstatus | Sstatus.Vs)) | v.Csrs.ParkedSstatus", "host.ReadSstatus()")),
    ];
}
