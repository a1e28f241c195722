using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Hypervisor.Boards;

/// <summary>The boards that an image knows: a list of types, <c>Boards&lt;First, Boards&lt;Second&gt;&gt;</c>.</summary>
public interface IBoards
{
    /// <summary>Number of boards.</summary>
    int Count { get; }

    /// <summary>The name of a board, for messages.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    ReadOnlySpan<byte> NameOf(int index);

    /// <summary>Finds the first board that a device tree describes.</summary>
    /// <returns>False where it is none of them.</returns>
    bool TryFind(in FdtReader tree, out Board board);

    /// <summary>Has a board name its drivers.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="drivers">Where it names them.</param>
    void Drivers<TList>(int index, ref TList drivers)
        where TList : struct, IDriverList;
}
