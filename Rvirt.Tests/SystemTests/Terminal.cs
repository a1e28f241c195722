using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>A program with pipes for a keyboard and a screen.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly StringBuilder _screen = new();
    private int _seen;

    /// <param name="words">What <c>env</c> is told.</param>
    public Terminal(string[] words)
    {
        Process = Process.Start(new ProcessStartInfo("env", words) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _ = Process.StandardOutput.BaseStream.CopyToAsync(new Screen(_screen));
    }

    public Process Process { get; }

    public int Status
    {
        get
        {
            Patience.Until(() => Process.HasExited, "the program ends");
            return Process.ExitCode;
        }
    }

    /// <summary>All that it has shown.</summary>
    public string Text
    {
        get
        {
            lock (_screen)
            {
                return _screen.ToString();
            }
        }
    }

    public void Type(string text)
    {
        Process.StandardInput.BaseStream.Write(Encoding.ASCII.GetBytes(text));
        Process.StandardInput.BaseStream.Flush();
    }

    /// <summary>Logs in as root at the prompt that is on the screen.</summary>
    /// <param name="top">The folder with the guest that was booted.</param>
    public void LogIn(string top)
    {
        Type("root\n");
        Expect("assword: ");
        Type(File.ReadAllText(Path.Combine(top, "artifacts/guest/root-password")).Trim() + "\n");
        Expect("# ");
    }

    public bool Shows(string text)
    {
        lock (_screen)
        {
            return _screen.ToString().Contains(text, StringComparison.Ordinal) || (Process.HasExited ? throw new AssertionException($"it ended without {text}:\n{_screen}") : false);
        }
    }

    /// <summary>Waits for what comes behind what was waited for before.</summary>
    public void Expect(string text) => Patience.Until(
        () =>
        {
            lock (_screen)
            {
                var at = _screen.ToString().IndexOf(text, _seen, StringComparison.Ordinal);
                _seen = at < 0 ? _seen : at + text.Length;
                return at >= 0 || (Process.HasExited ? throw new AssertionException($"it ended without {text}:\n{_screen}") : false);
            }
        },
        text);

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
            Process.WaitForExit();
        }

        Process.Dispose();
    }

    private sealed class Screen(StringBuilder text) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (text)
            {
                text.Append(Encoding.Latin1.GetString(buffer, offset, count));
            }
        }
    }
}
