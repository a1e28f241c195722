using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Llvm;

/// <summary>Static fields and constant data, with the addresses in them.</summary>
public sealed partial class LlvmWriter
{
    private void WriteGlobal(IrGlobal global)
    {
        _text.Append(LlvmSpelling.Symbol(global.Symbol)).Append(" = ");
        if (global.IsExternal)
        {
            _text.Append("external hidden global i8\n");
            return;
        }
        _text.Append("internal ").Append(global.IsConstant ? "unnamed_addr constant " : "global ");
        if (global.Data is null && global.Relocations.Count == 0)
        {
            _text.Append(CultureInfo.InvariantCulture, $"[{global.Size} x i8] zeroinitializer");
        }
        else
        {
            WriteInitializer(global);
        }
        _text.Append(CultureInfo.InvariantCulture, $", align {global.Alignment}");
        if (_debug?.ForGlobal(global) is { } reference)
        {
            _text.Append(", !dbg ").Append(reference);
        }
        _text.Append('\n');
    }

    private void WriteInitializer(IrGlobal global)
    {
        var data = global.Data ?? new byte[global.Size];
        if (global.Relocations.Count == 0)
        {
            WriteBytes(data, 0, data.Length);
            return;
        }
        var types = new List<string>();
        var values = new List<Action>();
        var position = 0;
        void AddBytes(int end)
        {
            if (end > position)
            {
                var start = position;
                types.Add($"[{end - start} x i8]");
                values.Add(() => WriteBytes(data, start, end - start));
                position = end;
            }
        }

        foreach (var relocation in global.Relocations.OrderBy(candidate => candidate.Offset))
        {
            AddBytes(relocation.Offset);
            types.Add("ptr");
            values.Add(() => _text.Append("ptr ").Append(Operand(new IrSymbol(relocation.Symbol, relocation.Addend))));
            position = relocation.Offset + 8;
        }
        AddBytes(global.Size);
        _text.Append("<{ ").AppendJoin(", ", types).Append(" }> <{ ");
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0)
            {
                _text.Append(", ");
            }
            values[i]();
        }
        _text.Append(" }>");
    }

    private void WriteBytes(byte[] data, int start, int count)
    {
        _text.Append(CultureInfo.InvariantCulture, $"[{count} x i8] c\"");
        for (var i = start; i < start + count; i++)
        {
            var b = data[i];
            if (b is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\')
            {
                _text.Append((char)b);
            }
            else
            {
                _text.Append('\\').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }
        _text.Append('"');
    }
}
