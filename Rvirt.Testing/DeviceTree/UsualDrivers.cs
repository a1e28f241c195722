using System.Text;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Testing.DeviceTree;

/// <summary>What a board with the library's drivers drives, for the reading of host trees alone.</summary>
internal readonly struct UsualDrivers : IHostDriverTable
{
    public HostDeviceKind Find(in FdtProperty name, in FdtReader tree, FdtNode node, out ulong address, out ulong size)
    {
        var kind = Encoding.ASCII.GetString(name.Bytes) switch
        {
            "ns16550a" => HostDeviceKind.Uart,
            "sifive,plic-1.0.0" or "riscv,plic0" => HostDeviceKind.Plic,
            "google,goldfish-rtc" => HostDeviceKind.Clock,
            "sifive,test0" or "sifive,test1" => HostDeviceKind.Reset,
            _ => HostDeviceKind.None,
        };
        return tree.TryReg(node, 0, out address, out size) ? kind : HostDeviceKind.None;
    }
}
