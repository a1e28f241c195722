using System;

namespace Rvirt.Devices.Virtio;

/// <summary>Queue faults in words, to stand behind the name of a queue.</summary>
internal static class QueueFaultText
{
    /// <summary>The text.</summary>
    public static ReadOnlySpan<byte> Of(QueueFault fault) => fault switch
    {
        QueueFault.None => "nothing"u8,
        QueueFault.Layout => "its rings are misplaced"u8,
        QueueFault.AvailableIndex => "its available index jumped"u8,
        QueueFault.DescriptorIndex => "a descriptor index is out of range"u8,
        QueueFault.Loop => "a chain loops"u8,
        QueueFault.Buffer => "a buffer is empty or not all RAM"u8,
        QueueFault.Order => "a buffer to read follows one to write"u8,
        QueueFault.Indirect => "a bad indirect table"u8,
        QueueFault.TooLong => "a chain is too long"u8,
        QueueFault.InFlight => "it is made ready again while the device has its buffers; the device must be reset first"u8,
        _ => "the host's device returned what it was not given"u8,
    };
}
