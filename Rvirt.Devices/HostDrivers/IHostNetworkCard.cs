using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A driver of a network card that takes all frames of its wire, whoever they are for, and interrupts for what came. Callers on several harts take a lock around it.</summary>
/// <remarks>
/// What a card says is checked: one that breaks its rules is stopped and stays so, and <see cref="IsUp"/> says it. Frames may be lost; nobody waits for one.
/// </remarks>
// SAFETY: who calls gives memory that stays, of as many bytes as it says; a frame lies in a buffer that is the caller's until it gives it back.
public unsafe interface IHostNetworkCard : IHostDriver
{
    /// <summary>Bytes of page-aligned memory that it needs.</summary>
    static abstract ulong BytesNeeded { get; }

    /// <summary>Frames that it can have taken and not yet given up, at most.</summary>
    static abstract int Buffers { get; }

    /// <summary>Whether frames go through it.</summary>
    bool IsUp { get; }

    /// <summary>Starts the card.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="device">What the device tree says of it.</param>
    /// <param name="timebase">Ticks of <c>time</c> in a second.</param>
    /// <param name="memory">Page-aligned, zeroed memory of <see cref="BytesNeeded"/> bytes, the driver's for good, whatever comes of it.</param>
    /// <param name="window">Where that is.</param>
    /// <returns>False where there is no card, or none that can be driven.</returns>
    bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
        where THost : struct, IMmio, ITime;

    /// <summary>Acknowledges what the card interrupted for: what comes from here on interrupts again.</summary>
    void Acknowledge<THost>(ref THost host)
        where THost : struct, IMmio, ITime;

    /// <summary>Takes a frame, to send it; <see cref="Finish"/> has it sent.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="frame">Its first byte, of the receiver's address.</param>
    /// <param name="length">Its bytes, without a checksum; 14 to 1514.</param>
    /// <returns>False where there is no room, or the card is not up.</returns>
    bool TrySend<THost>(ref THost host, byte* frame, uint length)
        where THost : struct, IMmio, ITime;

    /// <summary>Takes the next frame that came.</summary>
    /// <param name="host">Access to its registers.</param>
    /// <param name="index">The buffer's number, which goes back with <see cref="Give"/>.</param>
    /// <param name="frame">The first byte.</param>
    /// <param name="length">Bytes, without a checksum. What is no frame's length stands for what is no frame.</param>
    /// <returns>False where none is there.</returns>
    bool TryReceive<THost>(ref THost host, out uint index, out byte* frame, out uint length)
        where THost : struct, IMmio, ITime;

    /// <summary>Gives a buffer back to the card; <see cref="Finish"/> tells it.</summary>
    void Give(uint index);

    /// <summary>Tells the card of what it was given.</summary>
    void Finish<THost>(ref THost host)
        where THost : struct, IMmio, ITime;
}
