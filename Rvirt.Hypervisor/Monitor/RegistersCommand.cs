using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.Instructions;
using Rvirt.Core.Privileged;
using Rvirt.Core.VirtualHart;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Monitor;

/// <summary>The registers of a virtual hart, all of one moment.</summary>
[ColdPath]
internal static class RegistersCommand
{
    private const int PerLine = 4;
    private const int CsrLines = 4;

    /// <summary>Program counter and CSRs, then x0 to x31, four a line.</summary>
    public static CommandResult Run<TView, THost, TSink>(ref TView view, ref CommandRun run, ConsoleWriter<THost, TSink> output)
        where TView : struct, IMachineView
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        ref var report = ref run.Report;
        switch (run.Step)
        {
            case 0:
                output.Text("  pc       "u8).Word(report.Pc).Text(report.Mode == PrivilegeMode.User ? " (U)"u8 : " (S)"u8)
                    .Text(report.Waits ? ", waits for an interrupt\n"u8 : "\n"u8);
                break;
            case 1:
                output.Text("  sstatus  "u8).Word(report.Sstatus).Text("  satp     "u8).Word(report.Satp).Text("  stvec    "u8).Word(report.Stvec).Newline();
                break;
            case 2:
                output.Text("  scause   "u8).Word(report.Scause).Text("  sepc     "u8).Word(report.Sepc).Text("  stval    "u8).Word(report.Stval).Newline();
                break;
            case 3:
                output.Text("  sie      "u8).Word(report.Sie).Text("  sip      "u8).Word(report.Sip).Text("  sscratch "u8).Word(report.Sscratch).Newline();
                break;
            default:
                var first = (run.Step - CsrLines) * PerLine;
                for (var n = first; n < first + PerLine; n++)
                {
                    output.Text("  "u8).Left(RegisterName.Column(n), 5).Word(report.X[n]);
                }

                output.Newline();
                break;
        }

        return run.Step == CsrLines + (GeneralRegisters.Count / PerLine) - 1 ? CommandResult.Done : CommandResult.More;
    }
}
