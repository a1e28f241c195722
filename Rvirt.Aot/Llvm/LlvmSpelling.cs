using System;
using System.Text;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Llvm;

/// <summary>How LLVM spells names, operations and memory orders.</summary>
internal static class LlvmSpelling
{
    public static string Symbol(string name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '$' or '-'))
            {
                return $"@\"{name.Replace("\\", "\\5C", StringComparison.Ordinal).Replace("\"", "\\22", StringComparison.Ordinal)}\"";
            }
        }
        return "@" + name;
    }

    public static string Ordering(MemoryOrder order) => order switch
    {
        MemoryOrder.None => "",
        MemoryOrder.Monotonic => " monotonic",
        MemoryOrder.Acquire => " acquire",
        MemoryOrder.Release => " release",
        MemoryOrder.AcquireRelease => " acq_rel",
        _ => " seq_cst",
    };

    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var c in text)
        {
            escaped.Append(c is '"' or '\\' or < ' ' ? $"\\{(int)c:X2}" : c.ToString());
        }
        return escaped.ToString();
    }

    public static string NameOf(BinaryOp op) => op.ToString().ToLowerInvariant();

    public static string NameOf(CompareOp op) => op switch
    {
        CompareOp.Equal => "eq",
        CompareOp.NotEqual => "ne",
        CompareOp.SignedLess => "slt",
        CompareOp.SignedLessOrEqual => "sle",
        CompareOp.SignedGreater => "sgt",
        CompareOp.SignedGreaterOrEqual => "sge",
        CompareOp.UnsignedLess => "ult",
        CompareOp.UnsignedLessOrEqual => "ule",
        CompareOp.UnsignedGreater => "ugt",
        _ => "uge",
    };

    public static string NameOf(CastOp op) => op switch
    {
        CastOp.Truncate => "trunc",
        CastOp.ZeroExtend => "zext",
        CastOp.SignExtend => "sext",
        CastOp.PointerToInt => "ptrtoint",
        _ => "inttoptr",
    };
}
