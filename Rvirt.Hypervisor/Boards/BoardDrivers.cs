using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Core.DeviceTree;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Hypervisor.Boards;

/// <summary>The drivers of one board of a list, as a table: by the names that they drive.</summary>
/// <param name="board">Its number in the list, or <see cref="OfAnyMachine"/>.</param>
internal readonly unsafe struct BoardDrivers<TBoards>(int board) : IHostDriverTable
    where TBoards : struct, IBoards
{
    /// <summary>In place of a board's number: what may be used on a machine that is none of them.</summary>
    internal const int OfAnyMachine = -1;

    /// <summary>Has the board name its drivers.</summary>
    internal void Name<TList>(ref TList drivers)
        where TList : struct, IDriverList
    {
        if (board == OfAnyMachine)
        {
            // How it may end.
            drivers.Reset<HostSiFiveTest>();
        }
        else
        {
            default(TBoards).Drivers(board, ref drivers);
        }
    }

    /// <inheritdoc/>
    // SAFETY: a search that found a driver has its function.
    public HostDeviceKind Find(in FdtProperty name, in FdtReader tree, FdtNode node, out ulong address, out ulong size)
    {
        var search = new DriverSearch(name);
        Name(ref search);
        address = 0;
        size = 0;
        return search.Count != 0 && search.Locate(tree, node, out address, out size) ? search.Kind : HostDeviceKind.None;
    }

    /// <summary>Looks for a name that two drivers drive, or one that is named twice.</summary>
    /// <param name="name">It.</param>
    /// <returns>False where there is none.</returns>
    internal bool TryFindContested(out FdtProperty name)
    {
        var check = new Check(board);
        default(TBoards).Drivers(board, ref check);
        name = check.Contested;
        return name.Length != 0;
    }

    private struct Check(int board) : IDriverList
    {
        internal FdtProperty Contested;

        /// <inheritdoc/>
        public void Uart<TUart>()
            where TUart : unmanaged, IHostUart =>
            Consider<TUart>();

        /// <inheritdoc/>
        public void Plic<TPlic>()
            where TPlic : unmanaged, IHostPlic =>
            Consider<TPlic>();

        /// <inheritdoc/>
        public void Clock<TClock>()
            where TClock : unmanaged, IHostClock =>
            Consider<TClock>();

        /// <inheritdoc/>
        public void Reset<TReset>()
            where TReset : unmanaged, IHostReset =>
            Consider<TReset>();

        /// <inheritdoc/>
        public void Network<TCard>()
            where TCard : unmanaged, IHostNetworkCard =>
            Consider<TCard>();

        /// <inheritdoc/>
        public void Disk<TDisk>()
            where TDisk : unmanaged, IHostDisk =>
            Consider<TDisk>();

        // SAFETY: a driver's names are constants, which stay where they are.
        private void Consider<TDriver>()
            where TDriver : unmanaged, IHostDriver
        {
            var end = 0;
            while (HostDriver.TryNextName(TDriver.Compatible, ref end, out var text))
            {
                var name = FdtProperty.FromMemory((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text)), text.Length);
                var search = new DriverSearch(name);
                default(TBoards).Drivers(board, ref search);
                if (search.Count > 1)
                {
                    Contested = name;
                    return;
                }
            }
        }
    }
}
