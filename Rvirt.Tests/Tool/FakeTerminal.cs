using System;
using System.IO;
using System.IO.Pipes;
using System.Text;
using Moq;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary>A terminal on which a test types and looks.</summary>
internal sealed class FakeTerminal : ITerminal, IDisposable
{
    private readonly AnonymousPipeServerStream _keys = new(PipeDirection.Out);
    private readonly MemoryStream _screen = new();

    public FakeTerminal()
    {
        Input = new AnonymousPipeClientStream(PipeDirection.In, _keys.ClientSafePipeHandle);
        Output = Stream.Synchronized(_screen);
    }

    public Stream Input { get; }

    public Stream Output { get; }

    public string Seen
    {
        get
        {
            var seen = new byte[Output.Length];
            Array.Copy(_screen.GetBuffer(), seen, seen.Length);
            return Encoding.Latin1.GetString(seen);
        }
    }

    public IDisposable MakeRaw() => Mock.Of<IDisposable>();

    public void Type(string text)
    {
        _keys.Write(Encoding.Latin1.GetBytes(text));
        _keys.Flush();
    }

    public void Dispose()
    {
        _keys.Dispose();
        Input.Dispose();
    }
}
