namespace Rvirt.Devices.Network;

/// <summary>What passed through a port of a switch.</summary>
public struct PortCounters
{
    /// <summary>Frames that the port sent, and the switch took.</summary>
    public ulong Sent;

    /// <summary>Frames that were queued for the port.</summary>
    public ulong Received;

    /// <summary>Frames of the port that were refused: not an Ethernet frame's size, or from an address that is not its own.</summary>
    public ulong Refused;

    /// <summary>Frames of the port that a receiver had no room for; one that several had no room for counts as many times.</summary>
    public ulong Dropped;

    /// <summary>Frames that were queued for the port, and then lost: its driver gave too small a buffer, or the card of a wire had none.</summary>
    public ulong TooLong;
}
