using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.Setup;

/// <summary>Whether firmware and hart offer what the hypervisor cannot do without.</summary>
internal static class HostCheck
{
    /// <summary>Checks, and ends the machine with a line that says what is missing.</summary>
    internal static bool Passes<THost>(ref THost host, in HostAbilities abilities)
        where THost : unmanaged, IHypervisorHost
    {
        if (!abilities.HasStimecmp && !abilities.HasFirmwareTimer)
        {
            StartupFailure.End(ref host, "the firmware cannot set a timer (SBI TIME, or the legacy call): use OpenSBI, or Rvirt's image with its own machine-mode part"u8);
            return false;
        }

        if (!abilities.HasInterprocessor)
        {
            StartupFailure.End(ref host, "the firmware cannot interrupt other harts (SBI IPI, or the legacy call): use OpenSBI, or Rvirt's image with its own machine-mode part"u8);
            return false;
        }

        if (!abilities.HasTime)
        {
            StartupFailure.End(ref host, "this hart has no time CSR and the firmware does not emulate it: use firmware that does, such as OpenSBI"u8);
            return false;
        }

        return true;
    }
}
