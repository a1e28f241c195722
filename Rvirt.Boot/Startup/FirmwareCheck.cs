using Rvirt.Boot.Firmware;
using Rvirt.Boot.Target;

namespace Rvirt.Boot.Startup;

/// <summary>Whether firmware and hart offer what the hypervisor cannot do without.</summary>
internal static class FirmwareCheck
{
    /// <summary>Checks, and ends the machine with a line that says what is missing.</summary>
    internal static bool Passes(ref TargetHost host)
    {
        if (!host.HasStimecmp && host.Firmware.Timer == FirmwareKind.None)
        {
            StartupFailure.End(ref host, "the firmware cannot set a timer (SBI TIME, or the legacy call): use OpenSBI, or Rvirt's image with its own machine-mode part"u8);
            return false;
        }

        if (host.Firmware.Interprocessor == FirmwareKind.None)
        {
            StartupFailure.End(ref host, "the firmware cannot interrupt other harts (SBI IPI, or the legacy call): use OpenSBI, or Rvirt's image with its own machine-mode part"u8);
            return false;
        }

        if (Routines.ProbeTime() == 0)
        {
            StartupFailure.End(ref host, "this hart has no time CSR and the firmware does not emulate it: use firmware that does, such as OpenSBI"u8);
            return false;
        }

        return true;
    }
}
