using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using Rvirt.Tool.Terminals;

namespace Rvirt.Tests.Tool;

/// <summary>A machine whose serial line is a socket, as QEMU has them.</summary>
internal sealed class SocketMachine : IDisposable
{
    private readonly Socket _listener;
    private readonly FakeLine _line;
    private readonly TaskCompletionSource<Stream> _stream = new();

    public SocketMachine(string path, Func<string, string> answer)
    {
        _listener = UnixSockets.Listen(path)!;
        _line = new FakeLine(text => _stream.Task.Result.Write(Encoding.Latin1.GetBytes(text)), answer);
        _ = Serve();
    }

    public string Typed
    {
        get
        {
            lock (_line)
            {
                return _line.Typed.ToString();
            }
        }
    }

    public string Asked
    {
        get
        {
            lock (_line)
            {
                return string.Join(' ', _line.Asked);
            }
        }
    }

    public void Print(string text)
    {
        lock (_line)
        {
            _line.Print(text);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        if (_stream.Task.IsCompletedSuccessfully)
        {
            _stream.Task.Result.Dispose();
        }
    }

    private async Task Serve()
    {
        var stream = new NetworkStream(await _listener.AcceptAsync(), ownsSocket: true);
        _stream.SetResult(stream);
        var buffer = new byte[256];
        int count;
        while ((count = await stream.ReadAsync(buffer)) != 0)
        {
            lock (_line)
            {
                _line.Type(buffer.AsMemory(0, count));
            }
        }
    }
}
