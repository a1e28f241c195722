using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;

namespace Rvirt.Tool.Terminals;

/// <summary>The way to a machine's monitor, for as many questions as one has.</summary>
public sealed class MonitorLink : IDisposable
{
    private readonly LineHub? _hub;
    private readonly Func<Stream>? _join;

    /// <summary>A line of one's own.</summary>
    public MonitorLink(LineHub hub)
    {
        _hub = hub;
        _ = hub.Run();
    }

    /// <summary>A line that somebody shares, who is joined for each question.</summary>
    public MonitorLink(Func<Stream> join) => _join = join;

    /// <summary>Asks, as a script does.</summary>
    /// <exception cref="IOException">There is no line, or no answer.</exception>
    public MonitorAnswer Ask(string command) => (_hub is null ? AskShared(command) : _hub.Ask(command)).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public void Dispose() => _hub?.Dispose();

    private async Task<MonitorAnswer> AskShared(string command)
    {
        var stream = _join!();
        await using var end = stream.ConfigureAwait(false);
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{LineHub.Monitor}{command}\n")).ConfigureAwait(false);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var said = (await reader.ReadToEndAsync().ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return said.Length != 0 && MonitorAnswer.Ends(said[^1])
            ? new MonitorAnswer(said[..^1], said[^1])
            : throw new IOException("the line ended before the answer");
    }
}
