using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Rvirt.Tool.Terminals;

/// <summary>Joins people and scripts at one serial line: those of this process, and those that come over a socket of its own.</summary>
/// <remarks>
/// Who comes over the socket says in a line what for: <c>terminal</c>, and from then on all bytes are a person's, both ways, beginning with what was
/// shown last; or <c>monitor COMMAND</c>, and gets the answer and the end.
/// </remarks>
public sealed class LineHub : IDisposable
{
    /// <summary>The line of a client that is another terminal.</summary>
    public const string Terminal = "terminal";

    /// <summary>How the line of a client begins that asks the monitor.</summary>
    public const string Monitor = "monitor ";

    private const int LongestRequest = 4096;
    private const int MostRecent = 16384;

    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(10);

    private readonly Stream _from;
    private readonly Stream _to;
    private readonly LineWriter _keys;
    private readonly byte? _prefix;
    private readonly List<Func<ReadOnlyMemory<byte>, bool>> _people = [];
    private readonly List<byte> _recent = [];
    private readonly CancellationTokenSource _end = new();

    // Clients that wait for an answer, and one more until this ends.
    private readonly CountdownEvent _answers = new(1);
    private readonly TimeSpan _patience;
    private Socket? _listener;
    private string? _path;

    /// <summary>Takes over a line.</summary>
    /// <param name="from">What the machine says.</param>
    /// <param name="to">What it is typed.</param>
    /// <param name="escape">The console's escape, null where it has none.</param>
    /// <param name="patience">How long an answer of the monitor may take.</param>
    /// <param name="prefix">A key of whoever runs the machine, as QEMU's Ctrl-A: who comes over the socket types it for the machine, twice.</param>
    public LineHub(Stream from, Stream to, byte? escape, TimeSpan patience, byte? prefix = null)
    {
        _from = from;
        _to = to;
        _patience = patience;
        _prefix = prefix;
        _keys = new LineWriter(to);
        Line = new SharedLine(_keys.Write, Show, escape);
    }

    /// <summary>The line.</summary>
    public SharedLine Line { get; }

    /// <summary>Shows what comes to the person at this process, and what came last.</summary>
    public void Join(Stream screen) => Join(bytes => TryWrite(screen, bytes));

    /// <summary>Types what the person at this process typed; waits where that comes faster than the line takes it.</summary>
    public void Type(ReadOnlyMemory<byte> bytes)
    {
        Line.Type(bytes);
        _keys.AwaitRoom();
    }

    /// <summary>Asks the monitor, for as long as the hub has patience.</summary>
    /// <exception cref="IOException">It does not answer, or the line ends.</exception>
    public async Task<MonitorAnswer> Ask(string command)
    {
        using var patience = new CancellationTokenSource(_patience);
        return await Line.Ask(command, patience.Token).ConfigureAwait(false);
    }

    /// <summary>Takes what comes over the line, until that ends.</summary>
    public async Task Run()
    {
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await _from.ReadAsync(buffer, _end.Token).ConfigureAwait(false)) != 0)
            {
                Line.Receive(buffer.AsMemory(0, count));
            }
        }
        catch (Exception problem) when (problem is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // As at its end.
        }

        Line.Close("the serial line has ended");
    }

    /// <summary>Lets others come over a socket.</summary>
    /// <param name="listener">The socket, which listens.</param>
    /// <param name="path">Its file, which is removed with it.</param>
    public void Listen(Socket listener, string path)
    {
        _listener = listener;
        _path = path;
        _ = Accept(listener);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Who asked is answered yet: what ends a machine is a question, too.
        Line.Close("the terminal has ended");
        _answers.Signal();
        _answers.Wait(s_farewell);
        _end.Cancel();
        if (_path is not null)
        {
            File.Delete(_path);
        }

        _listener?.Dispose();
        _keys.Close();
        _from.Dispose();
        _to.Dispose();
        _end.Dispose();
        _answers.Dispose();
    }

    private static bool TryWrite(Stream screen, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            screen.Write(bytes.Span);
            screen.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task Accept(Socket listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(_end.Token).ConfigureAwait(false);
                _ = Serve(new NetworkStream(client, ownsSocket: true));
            }
        }
        catch (Exception problem) when (problem is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody listens any more.
        }
    }

    private async Task Serve(Stream client)
    {
        await using var closing = client.ConfigureAwait(false);
        try
        {
            var request = await ReadLine(client).ConfigureAwait(false);
            if (request == Terminal)
            {
                Func<ReadOnlyMemory<byte>, bool> see = new LineClient(client).TryShow;
                Join(see);
                try
                {
                    await TypeAll(client).ConfigureAwait(false);
                }
                finally
                {
                    Leave(see);
                }
            }
            else if (_answers.TryAddCount())
            {
                try
                {
                    await client.WriteAsync(Encoding.Latin1.GetBytes(await Answer(request).ConfigureAwait(false)), _end.Token).ConfigureAwait(false);
                }
                finally
                {
                    _answers.Signal();
                }
            }
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone, or this ends.
        }
    }

    private async Task<string> Answer(string request)
    {
        if (!request.StartsWith(Monitor, StringComparison.Ordinal))
        {
            return $"{MonitorAnswer.Error} neither '{Terminal}' nor '{Monitor}COMMAND'\n";
        }

        try
        {
            var answer = await Ask(request[Monitor.Length..]).ConfigureAwait(false);
            return string.Concat([.. answer.Lines.Select(line => line + "\n"), answer.End, "\n"]);
        }
        catch (Exception problem) when (problem is IOException or FormatException)
        {
            return $"{MonitorAnswer.Error} {problem.Message}\n";
        }
    }

    private async Task TypeAll(Stream person)
    {
        var buffer = new byte[4096];
        int count;
        while ((count = await person.ReadAsync(buffer, _end.Token).ConfigureAwait(false)) != 0)
        {
            Type(buffer.Take(count).SelectMany(key => key == _prefix ? new[] { key, key } : [key]).ToArray());
        }
    }

    private async Task<string> ReadLine(Stream client)
    {
        var line = new StringBuilder();
        var buffer = new byte[1];
        while (line.Length < LongestRequest && await client.ReadAsync(buffer, _end.Token).ConfigureAwait(false) != 0 && buffer[0] != '\n')
        {
            line.Append((char)buffer[0]);
        }

        return line.ToString();
    }

    private void Join(Func<ReadOnlyMemory<byte>, bool> see)
    {
        lock (_people)
        {
            if (see(_recent.ToArray()))
            {
                _people.Add(see);
            }
        }
    }

    private void Leave(Func<ReadOnlyMemory<byte>, bool> person)
    {
        lock (_people)
        {
            _people.Remove(person);
        }
    }

    private void Show(ReadOnlyMemory<byte> bytes)
    {
        lock (_people)
        {
            _recent.AddRange(bytes.Span);
            _recent.RemoveRange(0, Math.Max(0, _recent.Count - MostRecent));
            _people.RemoveAll(see => !see(bytes));
        }
    }
}
