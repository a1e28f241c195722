using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Tests.Core.Traps;

/// <summary>A guest of several harts, each with a recording hart around it; hart n is loaded on the host's hart 40 + n.</summary>
internal sealed unsafe class HartGroup : IDisposable
{
    public const ulong FirstHostHart = 40;

    private readonly TrapMachine[] _harts;
    private readonly VCpu** _siblings;

    public HartGroup(int count)
    {
        _harts = new TrapMachine[count];
        _siblings = (VCpu**)NativeMemory.Alloc((nuint)count, (nuint)sizeof(VCpu*));
        for (var i = 0; i < count; i++)
        {
            _harts[i] = new TrapMachine();
            ref var v = ref _harts[i].V;
            v.Index = i;
            v.GuestHarts = count;
            v.Siblings = _siblings;
            v.HostHartId = FirstHostHart + (ulong)i;
            v.Reset(TrapMachine.Entry, 0);
            v.Enter(RunState.Loaded);
            // SAFETY: virtual harts lie in native memory until they are disposed of.
            _siblings[i] = (VCpu*)Unsafe.AsPointer(ref v);
        }
    }

    public int Count => _harts.Length;

    public TrapMachine this[int hart] => _harts[hart];

    public void Dispose()
    {
        Array.ForEach(_harts, hart => hart.Dispose());
        NativeMemory.Free(_siblings);
    }
}
