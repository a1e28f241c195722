using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.Virtio;
using Rvirt.Testing.Devices;

namespace Rvirt.Tests.Devices.Virtio;

/// <summary>A back end that does nothing, notes what it is asked, and fails the test when it is asked what no back end may be.</summary>
internal readonly struct StrictBackend(StrictBackend.Script script) : IVirtioBackend
{
    /// <summary>How it behaves, and what it was asked.</summary>
    public sealed class Script
    {
        public uint Kind { get; init; } = VirtioKind.Entropy;

        public uint Version { get; init; } = 2;

        public ulong Offered { get; init; } = VirtioFeature.Version1 | VirtioFeature.EventIndex | 1;

        public uint[] Sizes { get; init; } = [16, 0, 64];

        public bool Starts { get; set; } = true;

        public bool Resets { get; set; } = true;

        public bool Accepts { get; set; } = true;

        public bool IsInTrouble { get; set; }

        public VirtioNews Answer { get; set; }

        public (QueueFault Fault, uint Queue) Fault { get; set; }

        public List<string> Calls { get; } = [];

        public bool IsLost { get; set; }

        public QueuePlace Place { get; set; }

        public ulong? Agreed { get; set; }

        public HashSet<uint> Started { get; } = [];
    }

    public uint Kind => script.Kind;

    public uint Vendor => 0x1234_5678;

    public uint Version => script.Version;

    public ulong Offered => script.Offered;

    public uint QueueSizeMax(uint queue)
    {
        Assert.That(queue, Is.LessThan(IVirtioBackend.MaxQueues));
        return queue < script.Sizes.Length ? script.Sizes[queue] : 0;
    }

    public bool Reset<THost>(ref THost host)
        where THost : struct, IMmio
    {
        Assert.That(script.IsLost, Is.False, "left alone once it did not reset");
        script.IsLost = !script.Resets;
        script.Calls.Add("reset");
        script.Started.Clear();
        script.Agreed = null;
        script.Fault = default;
        return script.Resets;
    }

    public void Agree<THost>(ref THost host, ulong features)
        where THost : struct, IMmio
    {
        Assert.That(features & ~script.Offered, Is.Zero);
        script.Calls.Add($"agree {features:x}");
        script.Agreed = features;
    }

    public bool SetStatus<THost>(ref THost host, byte status)
        where THost : struct, IMmio
    {
        Assert.That(status & VirtioStatus.NeedsReset, Is.Zero);
        script.Calls.Add($"status {status}");
        return script.Accepts;
    }

    public bool NeedsReset<THost>(ref THost host)
        where THost : struct, IMmio =>
        script.IsInTrouble;

    public bool Start<THost>(ref THost host, in GuestMemory memory, uint queue, in QueuePlace place, ulong features)
        where THost : struct, IMmio
    {
        Check(queue);
        Assert.That(script.Agreed, Is.Not.Null);
        Assert.That(script.Started, Does.Not.Contain(queue));
        Assert.That(memory.Length, Is.EqualTo(QueueRam.Bytes));
        script.Calls.Add($"start {queue}");
        script.Place = place;
        if (script.Starts)
        {
            script.Started.Add(queue);
        }

        return script.Starts;
    }

    public void Stop<THost>(ref THost host, uint queue)
        where THost : struct, IMmio
    {
        Check(queue);
        Assert.That(script.Version, Is.EqualTo(2));
        Assert.That(script.Started.Remove(queue));
        script.Calls.Add($"stop {queue}");
    }

    public VirtioNews Notify<THost>(ref THost host, in GuestMemory memory, uint queue)
        where THost : struct, IMmio
    {
        Check(queue);
        Assert.That(script.Started, Does.Contain(queue));
        script.Calls.Add($"notify {queue}");
        return script.Answer;
    }

    public VirtioNews Service<THost>(ref THost host, in GuestMemory memory)
        where THost : struct, IMmio
    {
        Assert.That(script.IsLost, Is.False);
        script.Calls.Add("service");
        return script.Answer;
    }

    public QueueFault TakeFault(out uint queue)
    {
        (var fault, queue) = script.Fault;
        script.Fault = default;
        return fault;
    }

    public ulong ReadConfiguration<THost>(ref THost host, uint offset, int size)
        where THost : struct, IMmio
    {
        CheckConfiguration(offset, size);
        script.Calls.Add($"read {offset}:{size}");
        return 0x0102_0304_0506_0708;
    }

    public void WriteConfiguration<THost>(ref THost host, uint offset, int size, ulong value)
        where THost : struct, IMmio
    {
        CheckConfiguration(offset, size);
        script.Calls.Add($"write {offset}:{size} {value:x}");
    }

    public uint ConfigurationGeneration<THost>(ref THost host)
        where THost : struct, IMmio =>
        9;

    private static void CheckConfiguration(uint offset, int size) => Assert.That(offset < 256 && size is 1 or 2 or 4 or 8 && offset % size == 0);

    private void Check(uint queue) => Assert.That(QueueSizeMax(queue), Is.Not.Zero);
}
