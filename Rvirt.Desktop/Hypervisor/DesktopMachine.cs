using System;
using System.Collections.Generic;
using System.Text;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;
using Rvirt.Hypervisor.Setup;
using Rvirt.Hypervisor.VirtualMachines;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>
/// The whole hypervisor on the reference machine, from the firmware's hand-over on: set-up, guests' lives, restart, end. What the entry
/// assembly does on a board is done here in C#; the rest is <c>Rvirt.Hypervisor</c> as it ships.
/// </summary>
public sealed unsafe class DesktopMachine : ISupervisor
{
    /// <summary>Where the image would lie; set-up keeps clear of it.</summary>
    public const ulong ImageStart = 0x8020_0000, ImageLength = 0x2_0000;

    private readonly Dictionary<Hart, nint> _guests = [];
    private readonly StringBuilder _emergency = new();
    private readonly TranslationMode _mode;
    private BootInfo _info;

    /// <param name="machine">The host.</param>
    /// <param name="mode">How its harts translate.</param>
    public DesktopMachine(Machine machine, TranslationMode mode = TranslationMode.Sv57)
    {
        Machine = machine;
        _mode = mode;
    }

    /// <summary>The host.</summary>
    public Machine Machine { get; }

    /// <summary>What hart and firmware offer.</summary>
    public HostAbilities Abilities { get; set; } = new() { HasStimecmp = true, HasInterprocessor = true, HasTime = true };

    /// <summary>What was printed without a driver.</summary>
    public string Emergency => _emergency.ToString();

    /// <summary>The status that the machine ended with.</summary>
    public uint? Status { get; private set; }

    /// <summary>The device that set-up named for the end of the machine.</summary>
    public ulong TestDevice { get; set; }

    /// <summary>Harts that the firmware refuses to start.</summary>
    public HashSet<ulong> Unstartable { get; } = [];

    /// <summary>The hypervisor's record of the machine once guests were made.</summary>
    internal HostMachine<FakeHost>* Record { get; private set; }

    /// <summary>Hands over and runs set-up; where that succeeds, all guests are loaded and their harts stand at their entries.</summary>
    /// <param name="tree">Physical address of the host's device tree.</param>
    /// <param name="bootHart">The hart that starts.</param>
    /// <returns>Whether guests run.</returns>
    public bool Boot<TBoards>(ulong tree, ulong bootHart = 0)
        where TBoards : struct, IBoards
    {
        var hart = Machine.Harts[bootHart];
        var host = new FakeHost(hart) { Desktop = this };
        hart.Mode = PrivilegeLevel.Supervisor;
        _info = new BootInfo
        {
            HartId = bootHart,
            DeviceTree = tree,
            ImageStart = ImageStart,
            ImageEnd = ImageStart + ImageLength,
            Window = (ulong)Machine.Ram - Machine.RamBase,
            Satp = (ulong)_mode << 60,
        };
        try
        {
            fixed (BootInfo* info = &_info)
            {
                var first = MachineSetup<FakeHost>.Run<TBoards>(ref host, info);
                if (first == null)
                {
                    return false;
                }

                Record = first->Guest->Machine;
                GuestLife<FakeHost>.Begin(first);
                return true;
            }
        }
        catch (MachineEndedException)
        {
            return false;
        }
    }

    /// <summary>Runs host instructions until the machine ends, all wait for ever, or the number is reached.</summary>
    public ulong Run(ulong steps)
    {
        try
        {
            return Machine.Run(steps);
        }
        catch (IdleForeverException)
        {
            return 0;
        }
    }

    public void HandleTrap(Hart hart)
    {
        // SAFETY: Enter put the hart's virtual hart there, which stays.
        var guest = (GuestHart<FakeHost>*)_guests[hart];
        TrapFrame.Save(hart, &guest->V);
        try
        {
            GuestLife<FakeHost>.Trap(guest, hart.ReadCsr(CsrNumber.Scause), hart.ReadCsr(CsrNumber.Stval));
            TrapFrame.Restore(hart, &guest->V);
        }
        catch (MachineEndedException)
        {
            hart.Stopped = true;
        }
    }

    internal void WriteEmergency(byte value) => _emergency.Append((char)value);

    internal void End(uint status)
    {
        Status = status;
        Machine.End(status == 0 ? 0x5555 : (status << 16) | 0x3333);
        throw new MachineEndedException();
    }

    internal bool TryStartHart(ulong hartId, HartStart* start)
    {
        if (Unstartable.Contains(hartId))
        {
            return false;
        }

        Machine.Harts[hartId].Mode = PrivilegeLevel.Supervisor;
        // SAFETY: the argument is the hart's own record, as set-up filled it in.
        GuestLife<FakeHost>.HartMain(hartId, (GuestHart<FakeHost>*)start->Argument);
        return true;
    }

    internal void Enter(Hart hart, VCpu* virtualHart)
    {
        // SAFETY: a virtual hart is the head of its record.
        _guests[hart] = (nint)virtualHart;
        TrapFrame.Delegate(hart);
        hart.Supervisor = this;
        TrapFrame.Enter(hart, virtualHart);
        if (Machine.Harts.Length > 1)
        {
            Machine.RunOnThread(hart);
        }
    }

    /// <summary>The machine has ended: nothing of the hypervisor goes on.</summary>
    private sealed class MachineEndedException : Exception;
}
