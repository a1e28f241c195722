using System.Runtime.InteropServices;
using Rvirt.Boot.Entry;
using Rvirt.Hypervisor.Boards;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Platform.Generic;

/// <summary>The image: the hypervisor with the boards it knows.</summary>
// SAFETY: the entry assembly hands over what it has filled in.
internal static unsafe class Image
{
    /// <summary>Where the entry assembly calls C#: the first hart, in the window, on the boot stack.</summary>
    [UnmanagedCallersOnly(EntryPoint = "rvirt_main")]
    internal static void Main(BootInfo* info) => Start.Run<Boards<GenericBoard>>(info);
}
