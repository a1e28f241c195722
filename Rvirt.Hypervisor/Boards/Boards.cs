using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Hypervisor.Boards;

/// <summary>A list of one board: the end of every list.</summary>
public readonly struct Boards<TPlatform> : IBoards
    where TPlatform : struct, IPlatform
{
    /// <inheritdoc/>
    public int Count => 1;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> NameOf(int index) => default(TPlatform).Name;

    /// <inheritdoc/>
    public bool TryFind(in FdtReader tree, out Board board)
    {
        var platform = default(TPlatform);
        board = Board.Of(platform);
        return platform.Matches(tree);
    }

    /// <inheritdoc/>
    public void Drivers<TList>(int index, ref TList drivers)
        where TList : struct, IDriverList =>
        default(TPlatform).Drivers(ref drivers);
}

/// <summary>A board and those after it.</summary>
public readonly struct Boards<TPlatform, TOthers> : IBoards
    where TPlatform : struct, IPlatform
    where TOthers : struct, IBoards
{
    /// <inheritdoc/>
    public int Count => 1 + default(TOthers).Count;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> NameOf(int index) => index == 0 ? default(TPlatform).Name : default(TOthers).NameOf(index - 1);

    /// <inheritdoc/>
    public bool TryFind(in FdtReader tree, out Board board)
    {
        if (default(Boards<TPlatform>).TryFind(tree, out board))
        {
            return true;
        }

        var found = default(TOthers).TryFind(tree, out board);
        board.Index++;
        return found;
    }

    /// <inheritdoc/>
    public void Drivers<TList>(int index, ref TList drivers)
        where TList : struct, IDriverList
    {
        if (index == 0)
        {
            default(TPlatform).Drivers(ref drivers);
        }
        else
        {
            default(TOthers).Drivers(index - 1, ref drivers);
        }
    }
}
