using System;
using System.IO;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Rvirt.Tool.Terminals;

/// <summary>Somebody who looks at a line over a socket. Who does not read loses the line, and holds nobody else up.</summary>
public sealed class LineClient
{
    // Pieces of at most what is read of a line at once.
    private const int Waiting = 1024;

    private readonly Channel<ReadOnlyMemory<byte>> _queue = Channel.CreateBounded<ReadOnlyMemory<byte>>(Waiting);
    private readonly Stream _stream;

    /// <summary>Takes over a connection.</summary>
    public LineClient(Stream stream)
    {
        _stream = stream;
        _ = Send();
    }

    /// <summary>Shows bytes, which stay as they are.</summary>
    /// <returns>False where too much waits: nobody reads.</returns>
    public bool TryShow(ReadOnlyMemory<byte> bytes)
    {
        if (_queue.Writer.TryWrite(bytes))
        {
            return true;
        }

        _stream.Dispose();
        return false;
    }

    private async Task Send()
    {
        try
        {
            await foreach (var bytes in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                await _stream.WriteAsync(bytes).ConfigureAwait(false);
            }
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // It has gone; whoever reads from it sees that.
            _queue.Writer.TryComplete();
        }
    }
}
