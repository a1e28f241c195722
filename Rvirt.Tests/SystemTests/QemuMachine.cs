using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>A running qemu-system-riscv64 whose serial line a test reads and types on. Times are those of an idle machine: see <see cref="Patience"/>.</summary>
internal sealed class QemuMachine : IDisposable
{
    private readonly Process _process;
    private readonly Timer _limit;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly StringBuilder _serial = new();
    private readonly StringBuilder _errors = new();
    private readonly Thread _reader;
    private readonly string _commandLine;
    private int _position;
    private bool _ended;
    private volatile bool _killed;

    private QemuMachine(IReadOnlyList<string> arguments, TimeSpan limit)
    {
        _commandLine = "qemu-system-riscv64 " + string.Join(' ', arguments);
        var start = new ProcessStartInfo("qemu-system-riscv64", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Fail("qemu-system-riscv64 is missing: run make setup");
            throw;
        }

        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
        _reader = new Thread(ReadSerial) { IsBackground = true };
        _reader.Start();
        _limit = new Timer(_ => Kill(), null, 6 * Patience.For(limit), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Time since QEMU was started.</summary>
    public TimeSpan Age => _clock.Elapsed;

    /// <summary>The program itself, for those who wait for what it does elsewhere.</summary>
    public Process Process => _process;

    /// <summary>Everything the serial line has shown.</summary>
    public string Serial
    {
        get
        {
            lock (_serial)
            {
                return _serial.ToString();
            }
        }
    }

    /// <summary>Seconds of processor time QEMU has used so far, from /proc (proc(5), fields 14 and 15, in hundredths).</summary>
    public double ProcessorSeconds
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
        }
    }

    /// <summary>Starts QEMU's virt board, or another that the arguments name, with a serial line on this object, and these further arguments.</summary>
    /// <param name="arguments">They.</param>
    /// <param name="limit">How long it may run.</param>
    /// <param name="line">Which of its serial lines; those before go nowhere.</param>
    public static QemuMachine Start(IReadOnlyList<string> arguments, TimeSpan limit, int line = 0)
    {
        var all = new List<string> { "-M", "virt", "-display", "none", "-monitor", "none" };
        all.AddRange(Enumerable.Repeat<string[]>(["-serial", "null"], line).SelectMany(words => words));
        all.AddRange(["-serial", "stdio"]);
        all.AddRange(arguments);
        return new QemuMachine(all, limit);
    }

    /// <summary>Waits until the serial line shows the pattern after what was last waited for, and consumes up to its end.</summary>
    public Match Expect([StringSyntax(StringSyntaxAttribute.Regex)] string pattern, double seconds)
    {
        var expression = new Regex(pattern, RegexOptions.CultureInvariant);
        var patience = Patience.For(seconds);
        var waited = Stopwatch.StartNew();
        lock (_serial)
        {
            while (true)
            {
                var match = expression.Match(_serial.ToString(_position, _serial.Length - _position));
                if (match.Success)
                {
                    _position += match.Index + match.Length;
                    return match;
                }

                var left = patience - waited.Elapsed;
                if (_ended || left <= TimeSpan.Zero)
                {
                    break;
                }

                Monitor.Wait(_serial, left);
            }
        }

        throw new AssertionException($"the serial line {(_ended ? "ended" : $"went {patience.TotalSeconds} s")} without: {pattern}\n{Describe()}");
    }

    /// <summary>Waits until the serial line shows the pattern anywhere after what was last consumed, and consumes nothing.</summary>
    public Match ExpectAnywhere([StringSyntax(StringSyntaxAttribute.Regex)] string pattern, double seconds)
    {
        var start = _position;
        var match = Expect(pattern, seconds);
        _position = start;
        return match;
    }

    /// <summary>Consumes everything the serial line has shown.</summary>
    public void Skip()
    {
        lock (_serial)
        {
            _position = _serial.Length;
        }
    }

    /// <summary>Types on the serial line.</summary>
    public void Send(string text)
    {
        try
        {
            _process.StandardInput.BaseStream.Write(Encoding.ASCII.GetBytes(text));
            _process.StandardInput.BaseStream.Flush();
        }
        catch (IOException)
        {
            throw new AssertionException($"QEMU has ended, nothing can be typed\n{Describe()}");
        }
    }

    /// <summary>Types the same again and again until the serial line shows the pattern: for who reads only at certain moments.</summary>
    public Match ExpectTyping(string text, [StringSyntax(StringSyntaxAttribute.Regex)] string pattern)
    {
        var expression = new Regex(pattern, RegexOptions.CultureInvariant);
        Patience.Until(
            () =>
            {
                lock (_serial)
                {
                    if (_ended || expression.IsMatch(_serial.ToString(_position, _serial.Length - _position)))
                    {
                        return true;
                    }
                }

                Send(text);
                return false;
            },
            pattern);
        return Expect(pattern, 0);
    }

    /// <summary>Waits for QEMU to end by itself and gives its exit status.</summary>
    public int WaitForExit(double seconds)
    {
        if (!_process.WaitForExit(Patience.For(seconds)) || _killed)
        {
            throw new AssertionException($"QEMU did not end within {Patience.For(seconds).TotalSeconds} s\n{Describe()}");
        }

        _reader.Join();
        return _process.ExitCode;
    }

    /// <summary>The machine's story for a failure message.</summary>
    public string Describe()
    {
        string errors;
        lock (_errors)
        {
            errors = _errors.ToString().Trim();
        }

        return $"{_commandLine}\nafter {Age.TotalSeconds:F1} s{(_killed ? ", killed at its time limit" : "")}\n{errors}\n--- serial line ---\n{Serial}\n--- end ---";
    }

    public void Dispose()
    {
        _limit.Dispose();
        Kill();
        _process.WaitForExit();
        _reader.Join();
        _process.Dispose();
    }

    private void Kill()
    {
        if (!_process.HasExited)
        {
            _killed = true;
            _process.Kill();
        }
    }

    private void ReadSerial()
    {
        var buffer = new byte[4096];
        var stream = _process.StandardOutput.BaseStream;
        while (true)
        {
            var count = stream.Read(buffer);
            lock (_serial)
            {
                _serial.Append(Encoding.Latin1.GetString(buffer, 0, count));
                _ended = count == 0;
                Monitor.PulseAll(_serial);
            }

            if (count == 0)
            {
                return;
            }
        }
    }
}
