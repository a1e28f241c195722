using Rvirt.Core.Freestanding;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Hypervisor.VirtualMachines;

/// <summary>The last traps of all harts, for a panic.</summary>
[ColdPath]
public static unsafe class TraceReport<THost>
    where THost : unmanaged, IHypervisorHost
{
    private const ulong Lines = 16;

    /// <summary>Writes up to sixteen lines a hart, the oldest first; nothing of harts that noted nothing down.</summary>
    /// <param name="machine">The machine; null where there is none yet.</param>
    /// <param name="host">The hart that writes.</param>
    public static void Write(HostMachine<THost>* machine, ref THost host)
    {
        // SAFETY: set-up made as many records of harts as it says, each with a ring; all stay in place.
        for (var i = 0; machine != null && i < machine->CoreCount; i++)
        {
            var core = machine->Cores + i;
            var end = core->Trace->Count;
            for (var number = end - System.Math.Min(end, Lines); number != end; number++)
            {
                if (core->Trace->TryRead(number, out var record))
                {
                    var writer = new ConsoleWriter<THost, EmergencySink<THost>>(ref host, default);
                    TraceText.Line(writer.Text("rvirt: trace of hart "u8).Decimal(core->HartId).Text(": "u8), record);
                }
            }
        }
    }
}
