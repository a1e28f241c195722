using System;
using System.Buffers.Binary;
using Rvirt.Core.DeviceTree;
using Rvirt.Core.Host;
using Rvirt.Core.Memory;
using Rvirt.Devices.HostDrivers;
using Rvirt.Reference;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Hypervisor;

/// <summary>A disk that interrupts nobody, and its driver: it is done with no sector before it was polled eight times.</summary>
internal static class AcmeDisk
{
    public const ulong At = 0x1400_0000;

    /// <summary>Its node.</summary>
    public const string Node = "disk@14000000 { compatible = \"acme,disk\"; reg = <0 0x14000000 0 0x1000>; };\n";

    /// <summary>Puts it on a machine.</summary>
    public static void Attach(Machine machine, byte[] sectors) => machine.Attach(At, 0x1000, new Device(sectors));

    /// <summary>Registers of eight bytes: the size in sectors, a place, and what is there, which moves the place on.</summary>
    private sealed class Device(byte[] sectors) : IDevice
    {
        private ulong _place;

        public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
        {
            value = offset == 0 ? (ulong)sectors.Length / 512 : BinaryPrimitives.ReadUInt64LittleEndian(sectors.AsSpan((int)_place));
            _place += offset == 16 ? 8UL : 0;
            return size == 8 && offset is 0 or 16;
        }

        public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
        {
            if (offset == 8)
            {
                _place = value;
            }
            else
            {
                BinaryPrimitives.WriteUInt64LittleEndian(sectors.AsSpan((int)_place), value);
                _place += 8;
            }

            return size == 8 && offset is 8 or 16;
        }
    }

    internal unsafe struct Driver : IHostDisk
    {
        private const int Count = 64;
        private const uint BytesPerPoll = 64;

        private ulong _base;
        private ulong _sectors;
        private Request* _requests;
        private PhysicalMemory _window;

        public static ReadOnlySpan<byte> Compatible => "acme,disk"u8;

        public static ulong BytesNeeded => 4096;

        public static bool IsPolled => true;

        public readonly ulong Sectors => _sectors;

        public readonly bool IsReadOnly => false;

        public readonly bool HoldsBack => false;

        public readonly int Requests => Count;

        public bool TryStart<THost>(ref THost host, in HostDevice device, uint timebase, byte* memory, in PhysicalMemory window)
            where THost : struct, IMmio, ITime
        {
            _base = device.Base;
            _sectors = host.Read64(_base);
            _requests = (Request*)memory;
            _window = window;
            return _sectors != 0;
        }

        public readonly bool TrySubmit<THost>(ref THost host, int request, uint type, ulong sector, ulong data, uint bytes)
            where THost : struct, IMmio, ITime
        {
            _requests[request] = new Request { State = 1, Type = type, Place = sector * 512, Data = data, Left = bytes };
            return true;
        }

        public readonly void Serve<THost>(ref THost host)
            where THost : struct, IMmio, ITime
        {
            for (var i = 0; i < Count; i++)
            {
                var request = _requests + i;
                if (request->State == 1)
                {
                    Move(ref host, request);
                    return;
                }
            }
        }

        public readonly bool TryTake<THost>(ref THost host, out int request, out bool done)
            where THost : struct, IMmio, ITime
        {
            done = true;
            for (request = 0; request < Count; request++)
            {
                if (_requests[request].State == 2)
                {
                    _requests[request].State = 0;
                    return true;
                }
            }

            return false;
        }

        private readonly void Move<THost>(ref THost host, Request* request)
            where THost : struct, IMmio
        {
            host.Write64(_base + 8, request->Place);
            var part = Math.Min(request->Left, BytesPerPoll);
            for (var at = 0u; at < part; at += 8)
            {
                var word = (ulong*)(_window.Pointer(request->Data) + at);
                if (request->Type == 0)
                {
                    *word = host.Read64(_base + 16);
                }
                else
                {
                    host.Write64(_base + 16, *word);
                }
            }

            request->Place += part;
            request->Data += part;
            request->Left -= part;
            request->State = request->Left == 0 ? 2u : 1;
        }

        private struct Request
        {
            public uint State;
            public uint Type;
            public ulong Place;
            public ulong Data;
            public uint Left;
        }
    }
}
