using System;
using Rvirt.Core.DeviceTree;

namespace Rvirt.Hypervisor.Boards;

/// <summary>A board that the hypervisor runs on. What its guests see does not depend on it.</summary>
public interface IPlatform
{
    /// <summary>The board's name, for messages.</summary>
    ReadOnlySpan<byte> Name { get; }

    /// <summary>Whether a device tree describes this board.</summary>
    bool Matches(in FdtReader tree);

    /// <summary>What is wrong with its harts.</summary>
    static virtual BoardQuirks Quirks => BoardQuirks.None;

    /// <summary>Names the drivers of the board's devices.</summary>
    /// <param name="drivers">Where it names them.</param>
    void Drivers<TList>(ref TList drivers)
        where TList : struct, IDriverList;

    /// <summary>How to do on this board what an error asks for: ends the line of the error, and starts with its own comma.</summary>
    /// <returns>Empty where there is nothing to say.</returns>
    ReadOnlySpan<byte> Advice(Remedy remedy);
}
