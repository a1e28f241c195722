using System.Collections.Generic;
using System.Linq;
using ICSharpCode.Decompiler.IL;

namespace Rvirt.Aot.Lowering;

/// <summary>Questions about the order in which blocks run.</summary>
internal static class BlockOrder
{
    /// <summary>True when control can come back to <paramref name="block"/>.</summary>
    public static bool CanReachItself(BlockContainer container, Block block)
    {
        var seen = new HashSet<Block>();
        var queue = new Queue<Block>();
        queue.Enqueue(block);
        while (queue.TryDequeue(out var current))
        {
            foreach (var branch in current.Descendants.OfType<Branch>())
            {
                if (ReferenceEquals(branch.TargetBlock, block))
                {
                    return true;
                }
                if (ReferenceEquals(branch.TargetContainer, container) && seen.Add(branch.TargetBlock))
                {
                    queue.Enqueue(branch.TargetBlock);
                }
            }
        }
        return false;
    }
}
