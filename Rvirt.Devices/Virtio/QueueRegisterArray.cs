using System.Runtime.CompilerServices;

namespace Rvirt.Devices.Virtio;

/// <summary>The registers of each queue.</summary>
[InlineArray((int)IVirtioBackend.MaxQueues)]
internal struct QueueRegisterArray
{
    private QueueRegisters _first;
}
