using System.Runtime.InteropServices;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Privileged;
using Rvirt.Mmu;

namespace Rvirt.Hypervisor.Host;

/// <summary>What the entry assembly knows when it calls C#.</summary>
[AsmOffsets("BOOT_INFO")]
[StructLayout(LayoutKind.Sequential)]
public struct BootInfo
{
    /// <summary>Hardware id of the hart that started.</summary>
    public ulong HartId;

    /// <summary>Physical address of the host's device tree.</summary>
    public ulong DeviceTree;

    /// <summary>Physical address of the image's first byte.</summary>
    public ulong ImageStart;

    /// <summary>Physical address of the byte behind the image, its zeroed data included.</summary>
    public ulong ImageEnd;

    /// <summary>What is added to a physical address to reach it in the hypervisor's window.</summary>
    public ulong Window;

    /// <summary>The <c>satp</c> that maps nothing but the window.</summary>
    public ulong Satp;

    /// <summary>Physical address of the image's first byte that S-mode may touch.</summary>
    public ulong OpenStart;

    /// <summary>
    /// Physical address of the tables by which the window is mapped in pages of 2 MiB, one behind another for each of its root entries; 0: by leaves in the root table.
    /// </summary>
    public ulong WindowTables;

    /// <summary>How the hart translates.</summary>
    internal readonly TranslationMode Mode => Core.Privileged.Satp.Mode(Satp);

    /// <summary>Bytes of physical memory, from address 0, that the window reaches.</summary>
    internal readonly ulong Reach => HostTranslation.Reach(Mode);
}
