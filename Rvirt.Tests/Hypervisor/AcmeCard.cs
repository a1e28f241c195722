using System;
using System.Collections.Generic;
using System.Numerics;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>A network card with a port for each direction, and its driver. On its wire is one station, which answers all that is sent to it with its complement.</summary>
internal static class AcmeCard
{
    public const ulong At = 0x1500_0000;

    /// <summary>Its node.</summary>
    public const string Node = "ethernet@15000000 { compatible = \"acme,card\"; reg = <0 0x15000000 0 0x1000>; interrupts = <3>; };\n";

    private const int Source = 3, AddressBytes = 12;

    /// <summary>The station's address.</summary>
    private static readonly byte[] s_station = [2, 0, 0, 0, 0, 9];

    /// <summary>Puts it on a machine.</summary>
    public static Device Attach(Machine machine)
    {
        var device = new Device(machine.Plic);
        machine.Attach(At, 0x1000, device);
        return device;
    }

    /// <summary>Registers of eight bytes. At 0: how many bytes the next frame has that came, none where there is none; how many one has that is sent. At 8: its bytes, one after the other.</summary>
    internal sealed class Device(Plic plic) : IDevice
    {
        private readonly Queue<byte[]> _came = [];
        private byte[] _sent = [];
        private int _read;
        private int _written;

        /// <summary>Frames that were sent.</summary>
        public List<byte[]> Sent { get; } = [];

        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = 0;
            if (_came.TryPeek(out var frame))
            {
                value = offset == 0 ? (ulong)frame.Length : frame[_read];
                if (offset == 8 && ++_read == frame.Length)
                {
                    _read = 0;
                    _came.Dequeue();
                    plic.SetLine(Source, _came.Count != 0);
                }
            }

            return size == 8 && offset is 0 or 8;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            if (offset == 0)
            {
                _sent = new byte[value];
                _written = 0;
            }
            else
            {
                _sent[_written++] = (byte)value;
                if (_written == _sent.Length)
                {
                    Sent.Add(_sent);
                    Answer();
                }
            }

            return size == 8 && offset is 0 or 8;
        }

        private void Answer()
        {
            if (!_sent.AsSpan(0, 6).SequenceEqual(s_station))
            {
                return;
            }

            var answer = new byte[_sent.Length];
            _sent.AsSpan(6, 6).CopyTo(answer);
            s_station.CopyTo(answer, 6);
            for (var at = AddressBytes; at < answer.Length; at++)
            {
                answer[at] = (byte)~_sent[at];
            }

            _came.Enqueue(answer);
            plic.SetLine(Source, true);
        }
    }

    internal unsafe struct Driver : IHostNetworkCard
    {
        private const int Count = 4, BufferBytes = 2048;

        private ulong _base;
        private byte* _memory;
        private uint _taken;

        public static ReadOnlySpan<byte> Compatible => "acme,card"u8;

        public static ulong BytesNeeded => Count * BufferBytes;

        public static int Buffers => Count;

        public readonly bool IsUp => true;

        public bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
            where THost : struct, IMmio, ITime
        {
            _base = device.Base;
            _memory = memory;
            return !device.TryUInt32("acme,broken"u8, out _);
        }

        // The line falls by itself.
        public readonly void Acknowledge<THost>(ref THost host)
            where THost : struct, IMmio, ITime
        {
        }

        public readonly bool TrySend<THost>(ref THost host, byte* frame, uint length)
            where THost : struct, IMmio, ITime
        {
            host.Write64(_base, length);
            for (var at = 0u; at < length; at++)
            {
                host.Write64(_base + 8, frame[at]);
            }

            return true;
        }

        public bool TryReceive<THost>(ref THost host, out uint index, out byte* frame, out uint length)
            where THost : struct, IMmio, ITime
        {
            index = (uint)BitOperations.TrailingZeroCount(~_taken);
            frame = _memory + (index * BufferBytes);
            length = index < Count ? (uint)host.Read64(_base) : 0;
            if (length == 0)
            {
                return false;
            }

            for (var at = 0u; at < length; at++)
            {
                frame[at] = (byte)host.Read64(_base + 8);
            }

            _taken |= 1u << (int)index;
            return true;
        }

        public void Give(uint index) => _taken &= ~(1u << (int)index);

        public readonly void Finish<THost>(ref THost host)
            where THost : struct, IMmio, ITime
        {
        }
    }
}
