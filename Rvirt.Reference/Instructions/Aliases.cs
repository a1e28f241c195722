using System;
using System.Collections.Generic;

namespace Rvirt.Reference.Instructions;

/// <summary>What binutils writes for an instruction where aliases are wanted: <c>ret</c>, <c>mv a0,a1</c>, <c>csrr a0,sepc</c>.</summary>
internal static class Aliases
{
    // The forms with a constant have the names of those without: the operand tells.
    private static readonly Dictionary<string, string> _short = new(StringComparer.Ordinal)
    {
        ["addi"] = "add",
        ["addiw"] = "addw",
        ["andi"] = "and",
        ["ori"] = "or",
        ["xori"] = "xor",
        ["slli"] = "sll",
        ["srli"] = "srl",
        ["srai"] = "sra",
        ["slliw"] = "sllw",
        ["srliw"] = "srlw",
        ["sraiw"] = "sraw",
    };

    /// <summary>The alias of an instruction; itself where it has none.</summary>
    /// <param name="name">Its mnemonic.</param>
    /// <param name="operands">Its operands, with commas between.</param>
    /// <param name="zero">What x0 is called.</param>
    /// <param name="link">What x1 is called.</param>
    /// <param name="compressed">Whether it has 16 bits.</param>
    /// <returns>Mnemonic and operands.</returns>
    public static (string Name, string Operands) Of(string name, string operands, string zero, string link, bool compressed)
    {
        var o = operands.Split(',');
        if (name.StartsWith("csrr", StringComparison.Ordinal))
        {
            return Csr(name, o, zero);
        }

        if (name.StartsWith("fsgnj", StringComparison.Ordinal) && o[1] == o[2])
        {
            var (move, format) = (name[5] switch { 'n' => "fneg", 'x' => "fabs", _ => "fmv" }, name[^2..]);
            return (move + format, $"{o[0]},{o[1]}");
        }

        return (name, operands) switch
        {
            ("addi", _) when o[0] == zero && o[1] == zero && o[2] == "0" => ("nop", ""),
            ("addi", _) when o[1] == zero => ("li", $"{o[0]},{o[2]}"),
            ("addi", _) when o[2] == "0" => ("mv", $"{o[0]},{o[1]}"),
            ("add", _) when compressed && o[1] == zero => ("mv", $"{o[0]},{o[2]}"),
            ("addiw", _) when o[2] == "0" => ("sext.w", $"{o[0]},{o[1]}"),
            ("xori", _) when o[2] == "-1" => ("not", $"{o[0]},{o[1]}"),
            ("andi", _) when o[2] == "255" => ("zext.b", $"{o[0]},{o[1]}"),
            ("sub", _) when o[1] == zero => ("neg", $"{o[0]},{o[2]}"),
            ("subw", _) when o[1] == zero => ("negw", $"{o[0]},{o[2]}"),
            ("sltiu", _) when o[2] == "1" => ("seqz", $"{o[0]},{o[1]}"),
            ("sltu", _) when o[1] == zero => ("snez", $"{o[0]},{o[2]}"),
            ("slt", _) when o[2] == zero => ("sltz", $"{o[0]},{o[1]}"),
            ("slt", _) when o[1] == zero => ("sgtz", $"{o[0]},{o[2]}"),
            ("bge", _) when o[0] == zero => ("blez", $"{o[1]},{o[2]}"),
            ("beq" or "bne" or "blt" or "bge", _) when o[1] == zero => (name + "z", $"{o[0]},{o[2]}"),
            ("blt", _) when o[0] == zero => ("bgtz", $"{o[1]},{o[2]}"),
            ("jal", _) when o[0] == zero => ("j", o[1]),
            ("jal", _) when o[0] == link => ("jal", o[1]),
            ("jalr", _) => Jump(o[0], o[1].StartsWith("0(", StringComparison.Ordinal) ? o[1][2..^1] : o[1], zero, link),
            ("fence", "iorw,iorw") => ("fence", ""),
            ("sfence.vma", _) when o[0] == zero && o[1] == zero => (name, ""),
            ("sfence.vma", _) when o[1] == zero => (name, o[0]),
            _ => (_short.GetValueOrDefault(name, name), operands),
        };
    }

    private static (string Name, string Operands) Jump(string register, string target, string zero, string link) =>
        register == zero ? target == link ? ("ret", "") : ("jr", target)
        : register == link ? ("jalr", target) : ("jalr", $"{register},{target}");

    private static (string Name, string Operands) Csr(string name, string[] o, string zero)
    {
        var (register, csr, source) = (o[0], o[1], o[2]);
        var constant = name[^1] == 'i';
        var verb = name[4];
        if (verb == 's' && !constant && source == zero)
        {
            return csr switch
            {
                "cycle" or "time" or "instret" => ("rd" + csr, register),
                "fflags" => ("frflags", register),
                "frm" => ("frrm", register),
                "fcsr" => ("frcsr", register),
                _ => ("csrr", $"{register},{csr}"),
            };
        }

        if (verb == 'w' && csr is "fflags" or "frm" or "fcsr" && !(constant && csr == "fcsr"))
        {
            var set = csr switch { "fflags" => "fsflags", "frm" => "fsrm", _ => "fscsr" };
            return constant ? (set + "i", $"{register},{source}") : (set, register == zero ? source : $"{register},{source}");
        }

        // A write of what cannot be written, which assemblers take for an instruction that is none.
        return verb == 'w' && !constant && register == zero && csr == "cycle" && source == zero ? ("unimp", "")
            : register == zero ? ("csr" + verb, $"{csr},{source}")
            : ("csrr" + verb, $"{register},{csr},{source}");
    }
}
