using Rvirt.Core.Freestanding;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>Between the console and the monitor: what was typed goes in, what is answered goes to the console's ring, in pieces.</summary>
// SAFETY: records of harts and the machine stay in place.
[ColdPath]
internal static unsafe class MonitorConsole<THost>
    where THost : unmanaged, IHypervisorHost
{
    /// <summary>Lets the console lead to the monitor, which shows its prompt. The hart that serves the console calls it.</summary>
    internal static void Attach(HostCore<THost>* core)
    {
        var console = &core->Machine->Console;
        console->AttachMonitor();
        core->Machine->Monitor.Show(ConsoleMultiplexer<THost>.MonitorWriter(console, ref core->Host));
    }

    /// <summary>Lets the monitor go on: takes what was typed up to the end of a line, or says the next lines of an answer, where the console has room for them.</summary>
    /// <remarks>Where there is more to do the hart interrupts itself, and is back at its guest between the two; where there is no room, the UART's interrupt comes when there is.</remarks>
    internal static void Serve(HostCore<THost>* core)
    {
        var console = &core->Machine->Console;
        ref var monitor = ref core->Machine->Monitor;
        var view = new MachineView<THost>(core);
        var output = ConsoleMultiplexer<THost>.MonitorWriter(console, ref core->Host);
        var wholeLine = false;
        console->BeginMonitor();
        while (!wholeLine && monitor.HasRoom)
        {
            var value = console->TakeMonitorInput();
            if (value < 0)
            {
                break;
            }

            wholeLine = monitor.Take(ref view, output, (byte)value);
        }

        if (!wholeLine && console->HasRoomForMonitor)
        {
            monitor.Continue(ref view, output);
        }

        console->EndMonitor(ref core->Host);
        if (core->Machine->IsToEnd)
        {
            console->Finish(ref core->Host);
            core->Host.End(0);
        }

        if ((wholeLine || monitor.HasMore) && console->HasRoomForMonitor)
        {
            CoreKick<THost>.Raise(ref core->Host, core, CoreRequest.Monitor);
        }
    }
}
