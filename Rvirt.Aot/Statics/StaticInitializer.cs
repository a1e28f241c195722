using System;
using System.Collections.Generic;
using System.Linq;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Naming;
using Rvirt.Aot.Resolution;

namespace Rvirt.Aot.Statics;

/// <summary>Evaluates the static constructors the program needs, in the order they need each other, and keeps what they leave behind.</summary>
public sealed class StaticInitializer
{
    private readonly ProgramCompiler _program;
    private readonly Evaluator _evaluator;
    private readonly HashSet<MethodInstance> _done = [];
    private readonly Dictionary<IrGlobal, (IType Type, IField Field)> _owners = [];
    private readonly Dictionary<EvaluatedMemory, IrGlobal> _objects = [];

    public StaticInitializer(ProgramCompiler program)
    {
        _program = program;
        _evaluator = new Evaluator(program.Module, BeforeGlobal);
        foreach (var (type, field, global) in program.Statics.Fields)
        {
            _owners.Add(global, (type, field));
        }
    }

    public void Run()
    {
        foreach (var constructor in _program.Statics.Constructors.ToList())
        {
            Evaluate(constructor);
        }
        if (_program.Diagnostics.HasErrors)
        {
            return;
        }
        foreach (var (global, owner) in _owners)
        {
            if (_evaluator.Symbols.TryGetValue(global.Symbol, out var memory) && !global.IsConstant)
            {
                Keep(global, memory, owner.Type);
            }
            // Only its constructor writes a read-only field, and that has run.
            global.IsConstant |= owner.Field.IsReadOnly;
        }
    }

    private void BeforeGlobal(IrGlobal global)
    {
        if (_owners.TryGetValue(global, out var owner) && _program.Statics.ConstructorOf(owner.Type) is { } constructor)
        {
            Evaluate(constructor);
        }
    }

    private void Evaluate(MethodInstance constructor)
    {
        // Marked first: constructors that need each other see zeroes, as on .NET.
        if (!_done.Add(constructor))
        {
            return;
        }
        try
        {
            _evaluator.Call(_program.FunctionFor(constructor).Function, []);
        }
        catch (EvaluationException e)
        {
            _program.Report(
                DiagnosticCode.StaticConstructor,
                $"static fields of {NameBuilder.Of(constructor.Method.DeclaringType)} cannot be initialized at compile time: {e.Message}",
                constructor,
                _evaluator.Location);
        }
    }

    private void Keep(IrGlobal global, EvaluatedMemory memory, IType? owner)
    {
        global.Relocations.Clear();
        global.Data = memory.Bytes.Any(value => value != 0) || memory.Pointers.Count > 0 ? memory.Bytes : null;
        foreach (var (offset, target) in memory.Pointers)
        {
            var addend = System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(memory.Bytes.AsSpan(offset, 8));
            global.Relocations.Add(new IrRelocation(offset, SymbolOf(target, owner), addend));
        }
    }

    private string SymbolOf(EvaluatedMemory memory, IType? owner)
    {
        if (memory.Symbol is not null)
        {
            return memory.Symbol;
        }
        if (_objects.TryGetValue(memory, out var known))
        {
            return known.Symbol;
        }
        if (memory.IsLocal)
        {
            _program.Diagnostics.Add(DiagnosticCode.StaticConstructor, $"a static field of {owner?.FullName} keeps the address of a local variable");
            return PlaceholderSymbol();
        }
        var global = new IrGlobal(_program.Names.Unique("object"), memory.Bytes.Length, 8);
        _objects.Add(memory, global);
        _program.Module.Globals.Add(global.Symbol, global);
        Keep(global, memory, owner);
        return global.Symbol;
    }

    private string PlaceholderSymbol() => _program.Module.Functions.Keys.First();
}
