namespace Rvirt.Devices.Network;

/// <summary>A frame that waits for a port, until that port releases it.</summary>
internal readonly unsafe struct SwitchFrame
{
    // SAFETY: a buffer of the switch, which stays in place; the port that was given the frame holds it until Release.
    public SwitchFrame(byte* data, uint length, byte sender)
    {
        Data = data;
        Length = length;
        Sender = sender;
    }

    /// <summary>Its first byte, of the receiver's address.</summary>
    public byte* Data { get; }

    /// <summary>Bytes, without a checksum.</summary>
    public uint Length { get; }

    public byte Sender { get; }
}
