using System;
using System.Collections.Generic;
using Rvirt.Core.VirtualHart;
using Rvirt.Desktop.Guests;
using Rvirt.Hypervisor.Boards;
using Rvirt.Reference;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>
/// Guests under the whole hypervisor, on a reference machine with a hart for each: the firmware's part is done, all of them stand at their
/// entries. Where there are fewer harts, guests are loaded when the machine runs.
/// </summary>
public sealed class GuestWorld : IDisposable
{
    private const ulong MiB = 1 << 20;

    /// <summary>On a host with nothing special about it.</summary>
    public GuestWorld(params GuestPayload[] guests)
        : this(new WorldOptions(), guests)
    {
    }

    /// <param name="options">The host.</param>
    /// <param name="guests">Guest n runs on hart n, where there are enough.</param>
    public GuestWorld(WorldOptions options, params GuestPayload[] guests)
    {
        var blob = GuestPayload.Pack(guests);
        Machine = new Machine(RamNeeded(guests, (ulong)blob.Length) + options.MoreRam, guests.Length + options.MoreHarts, options.Harts);
        try
        {
            options.Attach?.Invoke(Machine);
            Desktop = new DesktopMachine(Machine, options.Mode) { Tables = options.Tables };

            // Where boot loaders put them: at the end of RAM.
            var tree = Machine.RamBase + Machine.RamSize - MachineTree.MaximumLength;
            var initrd = (tree - (ulong)blob.Length) & ~0xfffUL;
            Machine.Load(initrd, blob);
            MachineTree.Write(Machine, tree, initrd, blob.Length, "");
            if (!Desktop.Boot<Boards<ReferenceBoard>>(tree))
            {
                throw new InvalidOperationException("the hypervisor refuses to start: " + Desktop.Emergency);
            }
        }
        catch
        {
            Machine.Dispose();
            throw;
        }
    }

    /// <summary>The host.</summary>
    public Machine Machine { get; }

    /// <summary>The hypervisor on it.</summary>
    public DesktopMachine Desktop { get; }

    /// <summary>All guests.</summary>
    public IReadOnlyList<DesktopGuest> Guests => Desktop.Guests;

    /// <summary>The first guest.</summary>
    public DesktopGuest Guest => Guests[0];

    /// <summary>The first guest's hart.</summary>
    public Hart Hart => Guest.Hart;

    /// <summary>Why the first guest ended, if it did.</summary>
    public StopReason? Stopped => Guest.Stopped;

    /// <summary>Runs host instructions until all guests have ended, all wait for ever, or the number is reached.</summary>
    /// <returns>Instructions run by the busiest hart.</returns>
    public ulong Run(ulong steps) => Desktop.Run(steps);

    public void Dispose() => Machine.Dispose();

    // Below the image, the image, tree and description where they were and where they are moved; for each guest tables, rings, and a gap.
    private static ulong RamNeeded(GuestPayload[] guests, ulong blob)
    {
        var ram = (8 * MiB) + (2 * ((blob + MiB) & ~(MiB - 1)));
        foreach (var guest in guests)
        {
            ram += (guest.Memory * (guest.Snapshot ? 2u : 1)) + (guest.Memory / 32) + (10 * MiB);
        }

        return (ram + (2 * MiB) - 1) & ~((2 * MiB) - 1);
    }
}
