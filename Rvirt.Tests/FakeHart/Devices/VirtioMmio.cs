namespace Rvirt.Tests.FakeHart.Devices;
public abstract class VirtioMmio : IDevice
{
    public void Connect(Machine machine, int source) { }
    public abstract bool TryRead(Rvirt.Tests.FakeHart.Harts.Hart? hart, ulong offset, int size, out ulong value);
    public abstract bool TryWrite(Rvirt.Tests.FakeHart.Harts.Hart? hart, ulong offset, int size, ulong value);
}
