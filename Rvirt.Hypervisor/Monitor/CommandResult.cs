namespace Rvirt.Hypervisor.Monitor;

/// <summary>What follows when a command has said a line.</summary>
internal enum CommandResult
{
    /// <summary>It has more to say: it is called again, with the next step.</summary>
    More,

    /// <summary>It is done.</summary>
    Done,

    /// <summary>It waits for another hart: it is called again, with the same step.</summary>
    Waiting,

    /// <summary>It failed, and has said why.</summary>
    Failed,

    /// <summary>It ends what runs: a person has to type the name of that again first.</summary>
    Unconfirmed,
}
