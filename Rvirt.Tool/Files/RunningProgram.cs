using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace Rvirt.Tool.Files;

/// <summary>A child process, which gets the signals that would end this one.</summary>
public sealed class RunningProgram : IProgram
{
    private readonly Process _process;
    private readonly PosixSignalRegistration[] _signals;

    /// <summary>Takes over a process, whose input and output are redirected.</summary>
    public RunningProgram(Process process)
    {
        _process = process;
        _signals =
        [
            .. new[] { (PosixSignal.SIGTERM, 15), (PosixSignal.SIGINT, 2), (PosixSignal.SIGHUP, 1) }
                .Select(signal => PosixSignalRegistration.Create(signal.Item1, context => Forward(context, signal.Item2))),
        ];
    }

    /// <inheritdoc/>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <inheritdoc/>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <inheritdoc/>
    public int Wait()
    {
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    // This program goes on until that one has ended.
    private void Forward(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        if (!_process.HasExited)
        {
            _ = kill(_process.Id, signal);
        }
    }

    [DllImport("libc")]
    private static extern int kill(int process, int signal);
}
