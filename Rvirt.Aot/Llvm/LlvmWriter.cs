using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Llvm;

/// <summary>Writes a module as LLVM assembly.</summary>
public sealed partial class LlvmWriter
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<IrValue, string> _names = [];
    private readonly SortedDictionary<string, string> _intrinsics = new(StringComparer.Ordinal);
    private readonly IrModule _module;
    private readonly DebugMetadata? _debug;
    private int _next;

    private LlvmWriter(IrModule module, bool debug, Func<string, string>? nameOfSource)
    {
        _module = module;
        _debug = debug ? new DebugMetadata(nameOfSource ?? (path => path)) : null;
    }

    /// <summary>The module as text.</summary>
    /// <param name="module">The module.</param>
    /// <param name="debug">True for debug information.</param>
    /// <param name="nameOfSource">What debug information calls a source file; null for its path.</param>
    public static string Write(IrModule module, bool debug = true, Func<string, string>? nameOfSource = null) =>
        new LlvmWriter(module, debug, nameOfSource).Run();

    private string Run()
    {
        _text.Append("source_filename = \"image\"\n");
        _text.Append("target datalayout = \"e-m:e-p:64:64-i64:64-i128:128-n32:64-S128\"\n");
        _text.Append("target triple = \"riscv64-unknown-unknown-elf\"\n\n");
        foreach (var global in _module.Globals.Values)
        {
            WriteGlobal(global);
        }
        foreach (var function in _module.Functions.Values)
        {
            WriteFunction(function);
        }
        foreach (var (_, declaration) in _intrinsics)
        {
            _text.Append(declaration).Append('\n');
        }
        _text.Append("attributes #0 = { nounwind null_pointer_is_valid \"frame-pointer\"=\"none\" }\n");
        _text.Append("attributes #1 = { nounwind noreturn cold nomerge }\n");
        _text.Append("attributes #2 = { nounwind }\n");
        _text.Append("!llvm.module.flags = !{!0, !1, !2");
        if (_debug is not null)
        {
            _text.Append(", !3, !4");
        }
        _text.Append("}\n!0 = !{i32 1, !\"target-abi\", !\"lp64\"}\n!1 = !{i32 8, !\"PIC Level\", i32 2}\n!2 = !{i32 7, !\"PIE Level\", i32 2}\n");
        _text.Append("!3 = !{i32 2, !\"Debug Info Version\", i32 3}\n!4 = !{i32 7, !\"Dwarf Version\", i32 5}\n");
        _text.Append("!5 = !{!\"branch_weights\", i32 1, i32 2000}\n!6 = !{!\"branch_weights\", i32 2000, i32 1}\n");
        _debug?.Write(_text);
        return _text.ToString();
    }

    private void WriteFunction(IrFunction function)
    {
        _names.Clear();
        _next = 0;
        var declaration = function.IsDeclaration;
        _text.Append(declaration ? "declare hidden " : function.IsExported ? "define dso_local " : "define internal ");
        if (function.ReturnAttributes.Length > 0)
        {
            _text.Append(function.ReturnAttributes).Append(' ');
        }
        _text.Append(function.ReturnType).Append(' ').Append(LlvmSpelling.Symbol(function.Symbol)).Append('(');
        for (var i = 0; i < function.Parameters.Count; i++)
        {
            var parameter = function.Parameters[i];
            _text.Append(i > 0 ? ", " : "").Append(parameter.Type);
            if (parameter.Attributes.Length > 0)
            {
                _text.Append(' ').Append(parameter.Attributes);
            }
            if (!declaration)
            {
                _names[parameter] = $"%p{i}";
                _text.Append(" %p").Append(i);
            }
        }
        _text.Append(')').Append(function.IsExported || declaration ? "" : " unnamed_addr").Append(" #0");
        _text.Append(function.Inlining switch
        {
            InlinePolicy.Always when !function.IsExported => " alwaysinline",
            InlinePolicy.Never => " noinline",
            _ => "",
        });
        _text.Append(function.IsCold ? " cold" : "").Append(function.IsForSize ? " minsize optsize" : "").Append(function.NoReturn ? " noreturn" : "");
        if (function.Section is not null)
        {
            _text.Append(" section \"").Append(function.Section).Append('"');
        }
        if (declaration)
        {
            _text.Append('\n');
            return;
        }
        var scope = _debug?.ForFunction(function);
        if (scope is not null)
        {
            _text.Append(" !dbg ").Append(scope);
        }
        _text.Append(" {\n");
        var first = true;
        foreach (var block in function.Blocks)
        {
            _text.Append(block.Name).Append(":\n");
            if (first)
            {
                foreach (var slot in function.Slots)
                {
                    WriteSlot(slot, function, scope);
                }
                first = false;
            }
            foreach (var instruction in block.Instructions)
            {
                WriteInstruction(instruction, function, scope);
            }
        }
        _text.Append("}\n\n");
    }

    private void WriteSlot(IrSlot slot, IrFunction function, string? scope)
    {
        _names[slot] = $"%s{_next++}";
        _text.Append(CultureInfo.InvariantCulture, $"  {_names[slot]} = alloca [{slot.Size} x i8], align {slot.Alignment}\n");
        if (scope is not null && slot.Variable is not null && _debug!.ForVariable(function, slot.Variable) is { } variable)
        {
            _text.Append(CultureInfo.InvariantCulture, $"    #dbg_declare(ptr {_names[slot]}, {variable.Variable}, !DIExpression(), {variable.Location})\n");
        }
    }

    private string Operand(IrValue value) => value switch
    {
        IrConstant { Type.IsPointer: true, Value: 0 } => "null",
        IrConstant { Type.IsPointer: true, Value: var address } => string.Create(CultureInfo.InvariantCulture, $"inttoptr (i64 {address} to ptr)"),
        IrConstant { Value: var number, Type: var type } => type == IrType.I1 ? (number != 0 ? "true" : "false") : number.ToString(CultureInfo.InvariantCulture),
        IrUndefined => "poison",
        IrSymbol { Offset: 0, Name: var name } => LlvmSpelling.Symbol(name),
        IrSymbol { Offset: var offset, Name: var name } => string.Create(CultureInfo.InvariantCulture, $"getelementptr (i8, ptr {LlvmSpelling.Symbol(name)}, i64 {offset})"),
        _ => NameOf(value),
    };

    /// <summary>Values are numbered when first seen: a use may be written before its definition.</summary>
    private string NameOf(IrValue value)
    {
        if (!_names.TryGetValue(value, out var name))
        {
            name = $"%v{_next++}";
            _names.Add(value, name);
        }
        return name;
    }

    private string Typed(IrValue value) => $"{value.Type} {Operand(value)}";

}
