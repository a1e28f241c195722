using System.Linq;
using System.Text;

namespace Rvirt.Tests.Hostile.Programs;

/// <summary>What an instruction does to memory.</summary>
internal enum ProbeKind
{
    Load,
    Store,
    Atomic,
    LoadReserved,
    StoreConditional,
    Fetch,
}

/// <summary>One instruction that the script program can carry out at any address: base in a1, operand in a3.</summary>
/// <param name="Text">Its stub, at most eight instructions of four bytes.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Size">Bytes it touches.</param>
internal sealed record ProbeInstruction(string Text, ProbeKind Kind, int Size)
{
    private const string OverStack = "mv t5, sp; mv sp, a1; .half 0x{0}; .half 1; mv sp, t5";

    private static readonly string[] Operations = ["swap", "add", "xor", "and", "or", "min", "max", "minu", "maxu"];

    /// <summary>Every load, store and atomic of RV64GC, whole and compressed, and a jump.</summary>
    public static readonly ProbeInstruction[] All =
    [
        new("lb a0, 0(a1)", ProbeKind.Load, 1),
        new("lh a0, 0(a1)", ProbeKind.Load, 2),
        new("lw a0, 0(a1)", ProbeKind.Load, 4),
        new("ld a0, 0(a1)", ProbeKind.Load, 8),
        new("lbu a0, 0(a1)", ProbeKind.Load, 1),
        new("lhu a0, 0(a1)", ProbeKind.Load, 2),
        new("lwu a0, 0(a1)", ProbeKind.Load, 4),
        new("flw fa0, 0(a1)", ProbeKind.Load, 4),
        new("fld fa0, 0(a1)", ProbeKind.Load, 8),
        new(Half("4188"), ProbeKind.Load, 4), // c.lw a0, 0(a1)
        new(Half("6188"), ProbeKind.Load, 8), // c.ld
        new(Half("2188"), ProbeKind.Load, 8), // c.fld
        new(Stack("4502"), ProbeKind.Load, 4), // c.lwsp a0, 0(sp)
        new(Stack("6502"), ProbeKind.Load, 8), // c.ldsp
        new(Stack("2502"), ProbeKind.Load, 8), // c.fldsp
        new("sb a3, 0(a1)", ProbeKind.Store, 1),
        new("sh a3, 0(a1)", ProbeKind.Store, 2),
        new("sw a3, 0(a1)", ProbeKind.Store, 4),
        new("sd a3, 0(a1)", ProbeKind.Store, 8),
        new("fmv.d.x fa3, a3; fsw fa3, 0(a1)", ProbeKind.Store, 4),
        new("fmv.d.x fa3, a3; fsd fa3, 0(a1)", ProbeKind.Store, 8),
        new(Half("c194"), ProbeKind.Store, 4), // c.sw a3, 0(a1)
        new(Half("e194"), ProbeKind.Store, 8), // c.sd
        new("fmv.d.x fa3, a3; " + Half("a194"), ProbeKind.Store, 8), // c.fsd
        new(Stack("c036"), ProbeKind.Store, 4), // c.swsp a3, 0(sp)
        new(Stack("e036"), ProbeKind.Store, 8), // c.sdsp
        new("fmv.d.x fa3, a3; " + Stack("a036"), ProbeKind.Store, 8), // c.fsdsp
        .. Operations.Select(o => new ProbeInstruction($"amo{o}.w a0, a3, (a1)", ProbeKind.Atomic, 4)),
        .. Operations.Select(o => new ProbeInstruction($"amo{o}.d.aqrl a0, a3, (a1)", ProbeKind.Atomic, 8)),
        new("lr.w a0, (a1)", ProbeKind.LoadReserved, 4),
        new("lr.d a0, (a1)", ProbeKind.LoadReserved, 8),
        new("sc.w a0, a3, (a1)", ProbeKind.StoreConditional, 4),
        new("sc.d a0, a3, (a1)", ProbeKind.StoreConditional, 8),
        new("jr a1", ProbeKind.Fetch, 4),
    ];

    /// <summary>Number of an instruction by the start of its text.</summary>
    public static int Find(string text) => System.Array.FindIndex(All, i => i.Text.StartsWith(text, System.StringComparison.Ordinal));

    /// <summary>The stubs, 32 bytes each.</summary>
    public static string Stubs()
    {
        var source = new StringBuilder();
        source.AppendLine(".align 5");
        source.AppendLine("stubs:");
        foreach (var instruction in All)
        {
            source.AppendLine(".align 5");
            foreach (var part in instruction.Text.Split(';').Append("ret"))
            {
                source.AppendLine(part.Trim());
            }
        }

        return source.ToString();
    }

    /// <summary>The access fault it takes.</summary>
    public string AccessFault => Kind switch { ProbeKind.Fetch => "1", ProbeKind.Load or ProbeKind.LoadReserved => "5", _ => "7" };

    /// <summary>The page fault it takes.</summary>
    public string PageFault => Kind switch { ProbeKind.Fetch => "c", ProbeKind.Load or ProbeKind.LoadReserved => "d", _ => "f" };

    private static string Half(string bits) => $".half 0x{bits}; .half 1";

    private static string Stack(string bits) => OverStack.Replace("{0}", bits, System.StringComparison.Ordinal);
}
