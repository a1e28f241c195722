using Rvirt.Boot.Target;
using Rvirt.Core.Sbi;

namespace Rvirt.Boot.Firmware;

/// <summary>The SBI firmware under the hypervisor: Rvirt's own machine-mode part, OpenSBI, or anything from SBI 0.1 on.</summary>
/// <remarks>SBI 0.1 answers unknown calls with an error in a0, and so says by itself that it has no BASE extension.</remarks>
internal struct FirmwareClient
{
    // Implementation ids (SBI 2.0 §4, table 4): that of OpenSBI, and the machine-mode part's own.
    private const ulong OpenSbi = 1;
    private const ulong OwnMachineMode = 0x7276;

    // The machine-mode part's own calls: the range of its id (SBI 2.0 §3, table 1).
    private const ulong OwnExtension = 0x0a00_0000 | OwnMachineMode;

    // From this version on, 1.6, OpenSBI prints a line for each sret, wfi and sfence.vma that traps from U-mode.
    private const ulong TalkativeOpenSbi = 0x1_0006;

    private FirmwareKind _timer;
    private FirmwareKind _interprocessor;
    private FirmwareKind _console;
    private bool _hartState;
    private bool _systemReset;
    private ulong _implementation;
    private ulong _implementationVersion;

    /// <summary>Finds out what the firmware offers.</summary>
    internal void Probe()
    {
        var version = Call(SbiExtension.Base, 0);
        if (version.Error != 0)
        {
            // SBI 0.1 cannot be asked, only tried: a timer that never fires does no harm, and firmware without one answers with an error.
            _timer = Call(SbiExtension.LegacySetTimer, 0, ulong.MaxValue).Error < 0 ? FirmwareKind.None : FirmwareKind.Legacy;
            _interprocessor = FirmwareKind.Legacy;
            _console = FirmwareKind.Legacy;
            return;
        }

        _implementation = ValueOf(1);
        _implementationVersion = ValueOf(2);
        _timer = Kind(SbiExtension.Time, SbiExtension.LegacySetTimer);
        _interprocessor = Kind(SbiExtension.Ipi, SbiExtension.LegacySendIpi);
        _console = Kind(SbiExtension.Dbcn, SbiExtension.LegacyConsolePutchar);
        _hartState = Has(SbiExtension.Hsm);
        _systemReset = Has(SbiExtension.Srst);
        if (IsOwn)
        {
            var answer = Call(OwnExtension, 0);
            TimeRegister = answer.Error == 0 ? answer.Value : 0;
        }
    }

    /// <summary>Physical address of the register that has the time, where the machine-mode part says that there is no CSR for it; else 0.</summary>
    internal ulong TimeRegister { readonly get; private set; }

    /// <summary>Physical address of a hart's <c>mtimecmp</c>, as the board has it; where the machine-mode part is our own.</summary>
    internal readonly ulong TimerCompare(ulong hartId) => Call(OwnExtension, 1, hartId).Value;

    /// <summary>Physical address of a hart's <c>msip</c>, likewise.</summary>
    internal readonly ulong SoftwareInterrupt(ulong hartId) => Call(OwnExtension, 2, hartId).Value;

    /// <summary>Whether it is Rvirt's own machine-mode part.</summary>
    internal readonly bool IsOwn => _implementation == OwnMachineMode;

    /// <summary>Whether it prints a line for privileged instructions that a guest is meant to trap on, and cannot be told not to.</summary>
    internal readonly bool PrintsTraps => _implementation == OpenSbi && _implementationVersion >= TalkativeOpenSbi;

    /// <summary>How the timer is set.</summary>
    internal readonly FirmwareKind Timer => _timer;

    /// <summary>How other harts are interrupted.</summary>
    internal readonly FirmwareKind Interprocessor => _interprocessor;

    /// <summary>Whether harts are started by a call; else they all started together.</summary>
    internal readonly bool HasHartState => _hartState;

    /// <summary>Sets this hart's timer.</summary>
    internal readonly void SetTimer(ulong deadline)
    {
        if (_timer == FirmwareKind.Extension)
        {
            Call(SbiExtension.Time, 0, deadline);
        }
        else
        {
            Call(SbiExtension.LegacySetTimer, 0, deadline);
        }
    }

    /// <summary>Interrupts other harts.</summary>
    internal readonly unsafe void SendIpis(ulong mask, ulong first)
    {
        if (_interprocessor == FirmwareKind.Extension)
        {
            Call(SbiExtension.Ipi, 0, mask, first);
        }
        else if (first < 64)
        {
            // SAFETY: SBI 0.1 takes the mask's address, a virtual one, and reads it before it returns.
            var fromZero = mask << (int)first;
            Call(SbiExtension.LegacySendIpi, 0, (ulong)&fromZero);
        }
    }

    /// <summary>Starts a hart.</summary>
    /// <param name="hartId">Its hardware id.</param>
    /// <param name="entry">Physical address of its first instruction.</param>
    /// <param name="argument">Its a1.</param>
    /// <returns>Zero, or an SBI error.</returns>
    internal readonly long StartHart(ulong hartId, ulong entry, ulong argument) =>
        Call(SbiExtension.Hsm, 0, hartId, entry, argument).Error;

    /// <summary>Writes a byte to the firmware's console.</summary>
    internal readonly void Write(byte value)
    {
        if (_console == FirmwareKind.Extension)
        {
            Call(SbiExtension.Dbcn, 2, value);
        }
        else
        {
            Call(SbiExtension.LegacyConsolePutchar, 0, value);
        }
    }

    /// <summary>Ends the machine. Returns only if the firmware cannot.</summary>
    internal readonly void Shutdown(bool failed)
    {
        if (_systemReset)
        {
            Call(SbiExtension.Srst, 0, 0, failed ? 1u : 0u);
        }

        Call(SbiExtension.LegacyShutdown, 0);
    }

    // What a function of BASE answers; zero, BBL's id and no version of interest, where it does not.
    private static ulong ValueOf(ulong function)
    {
        var answer = Call(SbiExtension.Base, function);
        return answer.Error == 0 ? answer.Value : 0;
    }

    private static FirmwareKind Kind(ulong extension, ulong legacy) =>
        Has(extension) ? FirmwareKind.Extension : Has(legacy) ? FirmwareKind.Legacy : FirmwareKind.None;

    private static bool Has(ulong extension)
    {
        var answer = Call(SbiExtension.Base, 3, extension);
        return answer.Error == 0 && answer.Value != 0;
    }

    private static FirmwareResult Call(ulong extension, ulong function, ulong a0 = 0, ulong a1 = 0, ulong a2 = 0) =>
        Routines.FirmwareCall(a0, a1, a2, 0, 0, 0, function, extension);
}
