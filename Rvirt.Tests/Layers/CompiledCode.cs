using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection.Emit;

namespace Rvirt.Tests.Layers;

/// <summary>The instructions of a method as the compiler made them (ECMA-335, partition III).</summary>
internal static class CompiledCode
{
    private static readonly Dictionary<ushort, OpCode> s_codes = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value);

    /// <summary>Each instruction of a body, with the token that it names; 0 where it names none.</summary>
    public static List<(OpCode Code, int Token)> Of(byte[] body)
    {
        var found = new List<(OpCode, int)>();
        for (var at = 0; at < body.Length;)
        {
            var first = body[at++];
            var code = s_codes[first == 0xfe ? (ushort)(0xfe00 | body[at++]) : first];
            var token = code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType ? BitConverter.ToInt32(body, at) : 0;
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(body, at)),
                _ => 4,
            };
            found.Add((code, token));
        }

        return found;
    }
}
