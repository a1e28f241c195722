using Rvirt.Core.Host;
using Rvirt.Devices.Virtio;

namespace Rvirt.Devices.HostDrivers;

/// <summary>A virtio-mmio transport of the host, legacy or modern, as a driver sees it.</summary>
internal struct HostVirtio
{
    /// <summary>Alignment of a queue's parts.</summary>
    internal const uint LegacyPageSize = 4096;

    private const int ResetPatience = 1 << 20;

    private readonly ulong _base;
    private readonly uint _version;

    /// <summary>Names the transport.</summary>
    /// <param name="address">Host physical address of its registers.</param>
    /// <param name="version">1: legacy; 2: modern.</param>
    public HostVirtio(ulong address, uint version)
    {
        _base = address;
        _version = version;
    }

    /// <summary>Host physical address of its registers; 0: none.</summary>
    public readonly ulong Base => _base;

    /// <summary>1: legacy; 2: modern.</summary>
    public readonly uint Version => _version;

    /// <summary>Looks for a device that can be passed to a guest.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="address">Host physical address of a virtio-mmio slot.</param>
    /// <param name="transport">The transport, where there is one.</param>
    /// <returns>Kind of the device; 0 where the slot is empty, of an unknown version, or holds what cannot be mediated.</returns>
    public static uint Probe<THost>(ref THost host, ulong address, out HostVirtio transport)
        where THost : struct, IMmio
    {
        transport = default;
        if (host.Read32(address + VirtioRegister.Magic) != VirtioRegister.MagicValue)
        {
            return 0;
        }

        var version = host.Read32(address + VirtioRegister.Version);
        var kind = host.Read32(address + VirtioRegister.DeviceId);
        if (version - 1 > 1 || !VirtioKind.CanMediate(kind))
        {
            return 0;
        }

        transport = new HostVirtio(address, version);
        return kind;
    }

    /// <summary>Reads a register.</summary>
    public readonly uint Read<THost>(ref THost host, uint register)
        where THost : struct, IMmio =>
        host.Read32(_base + register);

    /// <summary>Writes a register.</summary>
    public readonly void Write<THost>(ref THost host, uint register, uint value)
        where THost : struct, IMmio =>
        host.Write32(_base + register, value);

    /// <summary>Resets the device and waits until it has stopped touching memory.</summary>
    /// <returns>False where it never says so: its memory must not be used again.</returns>
    public readonly bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        Write(ref host, VirtioRegister.Status, 0);
        for (var looks = ResetPatience; looks > 0; looks--)
        {
            if (Read(ref host, VirtioRegister.Status) == 0)
            {
                host.IoFence();
                if (_version == 1)
                {
                    Write(ref host, VirtioRegister.GuestPageSize, LegacyPageSize);
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>Resets the device and begins with it as its driver, up to the choice of features (virtio 1.2 §3.1.1, §6.2).</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="wanted">Features to take where they are offered. A modern device has to be one that offers VERSION_1, which is taken.</param>
    /// <param name="features">Those that were taken.</param>
    /// <returns>False where the device is not to be driven so.</returns>
    public readonly bool TryBegin<THost>(ref THost host, ulong wanted, out ulong features)
        where THost : struct, IMmio
    {
        features = 0;
        if (!Reset(ref host))
        {
            return false;
        }

        Write(ref host, VirtioRegister.Status, VirtioStatus.Acknowledge);
        Write(ref host, VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver);
        features = ReadFeatures(ref host) & (wanted | (_version == 1 ? 0 : VirtioFeature.Version1));
        if (_version != 1 && (features & VirtioFeature.Version1) == 0)
        {
            return false;
        }

        WriteFeatures(ref host, features);
        if (_version == 1)
        {
            return true;
        }

        // The device has a say in what was chosen.
        Write(ref host, VirtioRegister.Status, VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk);
        return (Read(ref host, VirtioRegister.Status) & VirtioStatus.FeaturesOk) != 0;
    }

    /// <summary>Tells the device that its queues are set up.</summary>
    public readonly void Finish<THost>(ref THost host)
        where THost : struct, IMmio =>
        Write(
            ref host, VirtioRegister.Status,
            VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.DriverOk | (_version == 1 ? 0u : VirtioStatus.FeaturesOk));

    /// <summary>Acknowledges what the device interrupted for: what it does from here on interrupts again.</summary>
    public readonly void Acknowledge<THost>(ref THost host)
        where THost : struct, IMmio
    {
        Write(ref host, VirtioRegister.InterruptAcknowledge, Read(ref host, VirtioRegister.InterruptStatus));
        host.IoFence();
    }

    /// <summary>Reads the features the device offers.</summary>
    public readonly ulong ReadFeatures<THost>(ref THost host)
        where THost : struct, IMmio
    {
        Write(ref host, VirtioRegister.DeviceFeaturesSelect, 0);
        ulong features = Read(ref host, VirtioRegister.DeviceFeatures);
        if (_version != 1)
        {
            Write(ref host, VirtioRegister.DeviceFeaturesSelect, 1);
            features |= (ulong)Read(ref host, VirtioRegister.DeviceFeatures) << 32;
        }

        return features;
    }

    /// <summary>Tells the device what features are used.</summary>
    public readonly void WriteFeatures<THost>(ref THost host, ulong features)
        where THost : struct, IMmio
    {
        if (_version != 1)
        {
            Write(ref host, VirtioRegister.DriverFeaturesSelect, 1);
            Write(ref host, VirtioRegister.DriverFeatures, (uint)(features >> 32));
        }

        Write(ref host, VirtioRegister.DriverFeaturesSelect, 0);
        Write(ref host, VirtioRegister.DriverFeatures, (uint)features);
    }

    /// <summary>Largest size of a queue; 0 where there is no such queue.</summary>
    public readonly uint QueueSizeMax<THost>(ref THost host, uint queue)
        where THost : struct, IMmio
    {
        Write(ref host, VirtioRegister.QueueSelect, queue);
        return Read(ref host, VirtioRegister.QueueSizeMax);
    }

    /// <summary>Starts a queue.</summary>
    /// <param name="host">Access to the registers.</param>
    /// <param name="queue">Its number.</param>
    /// <param name="size">Its size in descriptors.</param>
    /// <param name="address">Host physical address of the queue, laid out as a legacy one with alignment 4096.</param>
    public readonly void StartQueue<THost>(ref THost host, uint queue, uint size, ulong address)
        where THost : struct, IMmio
    {
        Write(ref host, VirtioRegister.QueueSelect, queue);
        Write(ref host, VirtioRegister.QueueSize, size);
        host.IoFence();
        if (_version == 1)
        {
            Write(ref host, VirtioRegister.QueueAlign, LegacyPageSize);
            Write(ref host, VirtioRegister.QueuePageNumber, (uint)(address / LegacyPageSize));
            return;
        }

        var available = address + RingLayout.AvailableOffset(size);
        var used = address + RingLayout.UsedOffset(size, LegacyPageSize);
        Write(ref host, VirtioRegister.QueueDescriptorsLow, (uint)address);
        Write(ref host, VirtioRegister.QueueDescriptorsHigh, (uint)(address >> 32));
        Write(ref host, VirtioRegister.QueueAvailableLow, (uint)available);
        Write(ref host, VirtioRegister.QueueAvailableHigh, (uint)(available >> 32));
        Write(ref host, VirtioRegister.QueueUsedLow, (uint)used);
        Write(ref host, VirtioRegister.QueueUsedHigh, (uint)(used >> 32));
        Write(ref host, VirtioRegister.QueueReady, 1);
    }

    /// <summary>Stops a queue of a modern device; a legacy one stops with a reset only.</summary>
    public readonly void StopQueue<THost>(ref THost host, uint queue)
        where THost : struct, IMmio
    {
        if (_version != 1)
        {
            Write(ref host, VirtioRegister.QueueSelect, queue);
            Write(ref host, VirtioRegister.QueueReady, 0);
        }
    }
}
