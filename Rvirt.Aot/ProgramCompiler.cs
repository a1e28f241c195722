using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection.Metadata;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using ICSharpCode.Decompiler.TypeSystem.Implementation;
using Rvirt.Aot.Abi;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Intrinsics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Lowering;
using Rvirt.Aot.Naming;
using Rvirt.Aot.Policy;
using Rvirt.Aot.Resolution;
using Rvirt.Aot.Statics;

namespace Rvirt.Aot;

/// <summary>Compiles a program to IR: from its exports through everything they reach.</summary>
public sealed class ProgramCompiler
{
    private const int MaximumNesting = 24;

    private readonly LoadedProgram _loaded;
    private readonly DebugSymbols _debug = new();
    private readonly Dictionary<IMethod, (ILFunction Body, MethodSymbols Symbols)> _bodies = [];
    private readonly Dictionary<MethodInstance, IrFunction> _functions = [];
    private readonly Dictionary<IrFunction, CallSignature> _signatures = [];
    private readonly Queue<MethodInstance> _pending = [];
    private readonly HashSet<MethodInstance> _required = [];
    private readonly Dictionary<KnownTypeCode, IType> _knownTypes = [];

    public ProgramCompiler(LoadedProgram loaded, DiagnosticBag diagnostics)
    {
        _loaded = loaded;
        Diagnostics = diagnostics;
        Devirtualizer = new Devirtualizer(Methods);
        Statics = new StaticFields(this);
        Data = new FrozenData(this);
        Externals = new ExternalMethods(this);
        Panics = new PanicFunctions(this);
    }

    public DiagnosticBag Diagnostics { get; }

    public IrModule Module { get; } = new();

    public ICompilation Compilation => _loaded.Compilation;

    public LayoutEngine Layouts { get; } = new();

    public MethodTable Methods { get; } = new();

    public NameBuilder Names { get; } = new();

    public Devirtualizer Devirtualizer { get; }

    public StaticFields Statics { get; }

    public FrozenData Data { get; }

    public ExternalMethods Externals { get; }

    public PanicFunctions Panics { get; }

    public IntrinsicTable Intrinsics { get; } = IntrinsicTable.Default;

    /// <summary>Number of method instances compiled.</summary>
    public int InstanceCount => _functions.Count;

    /// <summary>Compiles everything the exports of the roots reach.</summary>
    /// <param name="only">Symbols of the exports to compile; empty for all.</param>
    public void Run(params IReadOnlyList<string> only)
    {
        var exports = ExportFinder.Find(_loaded.Roots, Methods, Diagnostics).ToList();
        foreach (var absent in only.Where(symbol => exports.All(export => export.Symbol != symbol)))
        {
            Diagnostics.Add(DiagnosticCode.InvalidExport, $"no method of the roots exports {absent}");
        }
        foreach (var (method, symbol) in exports)
        {
            if (only.Count > 0 && !only.Contains(symbol))
            {
                continue;
            }
            Names.Reserve(symbol);
            var instance = new MethodInstance(method);
            try
            {
                var function = Declare(instance, symbol);
                function.IsExported = true;
                if (symbol == PanicHandler.Symbol)
                {
                    PanicFunctions.CheckHandler(function);
                }
                Require(instance);
            }
            catch (RefusalException e)
            {
                Report(e.Code, e.Message, instance, null);
            }
        }
        Drain();
        if (!Diagnostics.HasErrors)
        {
            new StaticInitializer(this).Run();
            new Reachability(this).Run();
            ColdCode.Mark(Module, new CallGraph(Module));
        }
    }

    /// <summary>Compiles every method of the roots that is not generic, exported or not: shows what of a library is outside the subset.</summary>
    public void RunOnEverything()
    {
        foreach (var type in _loaded.Roots.SelectMany(root => root.TypeDefinitions))
        {
            if (type.TypeParameterCount > 0 || type.Kind is not (TypeKind.Struct or TypeKind.Class) || (type.Kind == TypeKind.Class && !type.IsStatic))
            {
                continue;
            }
            foreach (var method in Methods.MethodsOf(type))
            {
                if (method.TypeParameters.Count == 0 && method is { HasBody: true, IsAbstract: false, Name: not ("ToString" or "Equals" or "GetHashCode" or "PrintMembers" or ".cctor") })
                {
                    Require(new MethodInstance(method));
                }
            }
        }
        Drain();
        if (!Diagnostics.HasErrors)
        {
            new StaticInitializer(this).Run();
        }
    }

    private void Drain()
    {
        while (_pending.TryDequeue(out var instance))
        {
            Compile(instance);
        }
    }

    public IType KnownType(KnownTypeCode code)
    {
        if (!_knownTypes.TryGetValue(code, out var type))
        {
            type = _loaded.Compilation.FindType(code);
            _knownTypes.Add(code, type);
        }
        return type;
    }

    /// <summary>Reports an error in a method, with the calls that reach it.</summary>
    public void Report(DiagnosticCode code, string message, MethodInstance instance, IrLocation? location)
    {
        var chain = new List<string>();
        var place = location;
        for (var current = instance; current is not null; current = current.ReachedFrom)
        {
            chain.Add(NameBuilder.Of(current));
            place ??= current.ReachedAt;
        }
        chain.Reverse();
        Diagnostics.Add(new Diagnostic(code, message, place, chain));
    }

    /// <summary>Sees to it that a method is compiled.</summary>
    public void Require(MethodInstance instance)
    {
        if (_required.Add(instance))
        {
            _pending.Enqueue(instance);
        }
    }

    /// <summary>The function of an instance, compiled if it is not yet.</summary>
    public (IrFunction Function, CallSignature Signature) FunctionFor(MethodInstance instance)
    {
        if (!_functions.TryGetValue(instance, out var function))
        {
            CheckNesting(instance);
            function = Declare(instance, null);
        }
        Require(instance);
        return (function, _signatures[function]);
    }

    public CallSignature SignatureOf(IMethod method)
    {
        var parameters = new List<TypeShape>();
        if (!method.IsStatic)
        {
            // A struct's methods get its address; an object is one already.
            parameters.Add(Layouts.ShapeOf(KnownType(KnownTypeCode.Object)));
        }
        parameters.AddRange(method.Parameters.Select(parameter => Layouts.ShapeOf(parameter.Type)));
        return new CallSignature(Layouts.ShapeOf(method.ReturnType), parameters);
    }

    private static void CheckNesting(MethodInstance instance)
    {
        static int Depth(IType type)
        {
            var deepest = type is TypeWithElementType wrapped ? Depth(wrapped.ElementType) : 0;
            foreach (var argument in type.TypeArguments)
            {
                deepest = Math.Max(deepest, Depth(argument));
            }
            return deepest + 1;
        }

        foreach (var argument in instance.ClassArguments.Concat(instance.MethodArguments))
        {
            if (Depth(argument) > MaximumNesting)
            {
                throw new RefusalException(DiagnosticCode.GenericNesting, $"generic arguments of {instance.Definition.FullName} nest without end");
            }
        }
    }

    private IrFunction Declare(MethodInstance instance, string? export)
    {
        var signature = SignatureOf(instance.Method);
        var display = NameBuilder.Of(instance);
        var function = CreateFunction(export ?? Names.SymbolOf(instance), display, signature);
        function.IsCold = IsCold(instance.Definition);
        // Cold code that is part of hot code would be compiled as hot, and take its registers.
        function.Inlining = function.IsCold ? InlinePolicy.Never : InliningOf(instance.Definition);
        _functions.Add(instance, function);
        _signatures.Add(function, signature);
        return function;
    }

    /// <summary>Makes a function of a signature and adds it to the module.</summary>
    public IrFunction CreateFunction(string symbol, string display, CallSignature signature)
    {
        var parameters = new List<IrParameter>();
        if (signature.HasHiddenResult)
        {
            parameters.Add(new IrParameter(IrType.Pointer)
            {
                Attributes = $"noalias nocapture noundef align {signature.Result.Alignment} dereferenceable({signature.Result.Size})",
            });
        }
        for (var i = 0; i < signature.Parameters.Count; i++)
        {
            var mode = signature.ParameterModes[i];
            if (mode.Kind == PassKind.Indirect)
            {
                parameters.Add(new IrParameter(IrType.Pointer)
                {
                    Attributes = $"noalias nocapture noundef align {signature.Parameters[i].Alignment} dereferenceable({signature.Parameters[i].Size})",
                });
                continue;
            }
            foreach (var piece in mode.Pieces)
            {
                parameters.Add(new IrParameter(piece.Type)
                {
                    Attributes = CallSignature.Extension(signature.Parameters[i]),
                });
            }
        }
        var function = new IrFunction(symbol, display, signature.ReturnType, parameters)
        {
            ReturnAttributes = signature.ResultExtension,
        };
        Module.Functions.Add(symbol, function);
        return function;
    }

    private static bool IsCold(IMethod method)
    {
        IEntity? entity = method;
        while (entity is not null && !Attributes.Has(entity, Attributes.ColdPath))
        {
            entity = entity.DeclaringTypeDefinition;
        }
        return entity is not null;
    }

    private static InlinePolicy InliningOf(IMethod method)
    {
        var module = (MetadataModule)method.ParentModule!;
        var flags = module.MetadataFile.Metadata.GetMethodDefinition((MethodDefinitionHandle)method.MetadataToken).ImplAttributes;
        if (flags.HasFlag(System.Reflection.MethodImplAttributes.NoInlining))
        {
            return InlinePolicy.Never;
        }
        return flags.HasFlag(System.Reflection.MethodImplAttributes.AggressiveInlining) ? InlinePolicy.Always : InlinePolicy.Default;
    }

    private void Compile(MethodInstance instance)
    {
        try
        {
            if (!_functions.TryGetValue(instance, out var function))
            {
                function = Declare(instance, null);
            }
            var (body, symbols) = BodyOf(instance.Definition);
            new MethodLowering(this, instance, body, function, _signatures[function], symbols).Run();
        }
        catch (RefusalException e)
        {
            Report(e.Code, e.Message, instance.ReachedFrom ?? instance, instance.ReachedAt);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Report(DiagnosticCode.Internal, $"{NameBuilder.Of(instance)}: {e.GetType().Name}: {e.Message} {e.StackTrace}", instance, null);
        }
    }

    /// <summary>The IL and the source positions of a method; read once.</summary>
    public (ILFunction Body, MethodSymbols Symbols) BodyOf(IMethod definition)
    {
        if (_bodies.TryGetValue(definition, out var known))
        {
            return known;
        }
        var module = (MetadataModule)definition.ParentModule!;
        var handle = (MethodDefinitionHandle)definition.MetadataToken;
        var row = module.MetadataFile.Metadata.GetMethodDefinition(handle);
        if (row.RelativeVirtualAddress == 0)
        {
            throw new RefusalException(
                definition.IsAbstract ? DiagnosticCode.VirtualCall : DiagnosticCode.ExternalMethod,
                definition.IsAbstract ? $"{definition.FullName} is abstract" : $"{definition.FullName} has no body");
        }
        var reader = new ILReader(module);
        var body = reader.ReadIL(handle, module.MetadataFile.GetMethodBody(row.RelativeVirtualAddress));
        if (reader.Warnings.Count > 0)
        {
            throw new RefusalException(DiagnosticCode.InvalidIl, $"{definition.FullName}: {string.Join("; ", reader.Warnings)}");
        }
        known = (body, _debug.ForMethod(module, handle));
        _bodies.Add(definition, known);
        return known;
    }
}
