using System.Collections.Generic;
using System.Reflection;
using System.Reflection.Metadata;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Naming;
using Rvirt.Aot.Resolution;

namespace Rvirt.Aot.Statics;

/// <summary>A global for each static field in use, and the static constructors those need.</summary>
public sealed class StaticFields(ProgramCompiler program)
{
    private readonly Dictionary<(IType, IField), IrGlobal> _globals = [];
    private readonly Dictionary<IType, MethodInstance?> _constructors = [];

    /// <summary>Static constructors to evaluate, in order of discovery.</summary>
    public List<MethodInstance> Constructors { get; } = [];

    /// <summary>The fields that belong to each constructor's type, for messages and for freezing.</summary>
    public IEnumerable<(IType Type, IField Field, IrGlobal Global)> Fields
    {
        get
        {
            foreach (var (key, global) in _globals)
            {
                yield return (key.Item1, key.Item2, global);
            }
        }
    }

    /// <summary>A static field of the core library whose value is known: code behind the other value is dead.</summary>
    public static IrConstant? KnownValue(IField field, TypeShape shape) => field.FullName switch
    {
        "System.BitConverter.IsLittleEndian" => IrConstant.Int32(1),
        "System.IntPtr.Zero" or "System.UIntPtr.Zero" => new IrConstant(shape.StackType, 0),
        _ => null,
    };

    /// <summary>The address of a static field of a closed type.</summary>
    public IrSymbol AddressOf(IType type, IField field, MethodInstance user, IrLocation? location)
    {
        var definition = (IField)field.MemberDefinition;
        var module = (MetadataModule)definition.ParentModule!;
        var row = module.MetadataFile.Metadata.GetFieldDefinition((FieldDefinitionHandle)definition.MetadataToken);
        if (row.Attributes.HasFlag(FieldAttributes.HasFieldRVA))
        {
            return program.Data.Mapped(module, definition, row.GetRelativeVirtualAddress());
        }
        if (!_globals.TryGetValue((type, definition), out var global))
        {
            if (Attributes.Has(definition, Attributes.ThreadStatic))
            {
                throw new RefusalException(DiagnosticCode.ThreadStatic, $"{field.FullName} is thread-static");
            }
            var shape = program.Layouts.ShapeOf(definition.Type.AcceptVisitor(type.GetSubstitution()));
            var name = $"{NameBuilder.Of(type)}.{field.Name}";
            global = new IrGlobal(program.Names.Unique(name), shape.Size, shape.Alignment) { Variable = new IrVariable(name, shape, 0) };
            program.Module.Globals.Add(global.Symbol, global);
            _globals.Add((type, definition), global);
        }
        Require(type, user, location);
        return new IrSymbol(global.Symbol);
    }

    private void Require(IType type, MethodInstance user, IrLocation? location)
    {
        if (_constructors.ContainsKey(type))
        {
            return;
        }
        _constructors.Add(type, null);
        if (type.GetDefinition() is not { } definition || program.Methods.StaticConstructorOf(definition) is not { } constructor)
        {
            return;
        }
        var substitution = new TypeParameterSubstitution(type.TypeArguments.Count > 0 ? type.TypeArguments : null, null);
        var instance = new MethodInstance(constructor.Specialize(substitution)) { ReachedFrom = user, ReachedAt = location };
        _constructors[type] = instance;
        Constructors.Add(instance);
        program.Require(instance);
    }

    /// <summary>The constructor of a type that the program uses static fields of, or null.</summary>
    public MethodInstance? ConstructorOf(IType type) => _constructors.GetValueOrDefault(type);
}
