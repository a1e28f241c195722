using System;
using Rvirt.Reference.Devices;
using Rvirt.Reference.Harts;

namespace Rvirt.Tests.Hostile;

/// <summary>Registers that are nobody's business: the first access ends the test.</summary>
internal sealed class PatternDevice(string name) : IDevice
{
    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value) =>
        throw new InvalidOperationException($"{size} bytes were read at {offset:x} of {name}");

    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value) =>
        throw new InvalidOperationException($"{size} bytes were written at {offset:x} of {name}");
}
