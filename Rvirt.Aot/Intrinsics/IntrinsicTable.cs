using System;
using System.Collections.Generic;
using System.Reflection;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Lowering;
using Rvirt.Aot.Resolution;

namespace Rvirt.Aot.Intrinsics;

/// <summary>Names the core library's type that a class of handlers stands for.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class IntrinsicTypeAttribute(string fullName) : Attribute
{
    public string FullName { get; } = fullName;
}

/// <summary>Names the method a handler stands for; a handler answers null to let the method be compiled as it is.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class IntrinsicAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>The methods whose meaning the compiler knows.</summary>
public sealed class IntrinsicTable
{
    private readonly Dictionary<string, Func<IntrinsicCall, Operand?>> _handlers = [];

    public static IntrinsicTable Default { get; } = new();

    private IntrinsicTable()
    {
        foreach (var type in typeof(IntrinsicTable).Assembly.GetTypes())
        {
            foreach (var owner in type.GetCustomAttributes<IntrinsicTypeAttribute>())
            {
                foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public))
                {
                    var handler = method.ReturnType == typeof(Operand?) ? method.CreateDelegate<Func<IntrinsicCall, Operand?>>() : null;
                    foreach (var name in method.GetCustomAttributes<IntrinsicAttribute>())
                    {
                        _handlers.Add($"{owner.FullName}.{name.Name}", handler!);
                    }
                }
            }
        }
    }

    /// <summary>The handler of a method, or null.</summary>
    public Func<IntrinsicCall, Operand?>? Find(IMethod method)
    {
        if (method.ParentModule?.Name != "System.Private.CoreLib")
        {
            return null;
        }
        var type = method.DeclaringType.FullName;
        if (_handlers.TryGetValue($"{type}.{method.Name}", out var handler))
        {
            return handler;
        }
        if (method.Name is "get_IsSupported" or "get_IsHardwareAccelerated" && type.StartsWith("System.", StringComparison.Ordinal))
        {
            return static _ => IntrinsicCall.Bool(false);
        }
        return null;
    }

    /// <summary>True when a handler exists, whatever it answers.</summary>
    public bool Knows(string fullName) => _handlers.ContainsKey(fullName);

    /// <summary>
    /// Some core library methods are written as calls of themselves, for the runtime to replace. Compiled as they stand they never
    /// end, so one that is not in the table is refused.
    /// </summary>
    public static void RefuseSelfCalling(IMethod method, MethodInstance caller)
    {
        if (method.ParentModule?.Name == "System.Private.CoreLib"
            && ReferenceEquals(method.MemberDefinition, caller.Definition)
            && Attributes.Has(caller.Definition, Attributes.Intrinsic))
        {
            throw new RefusalException(DiagnosticCode.SelfCallingIntrinsic, $"{method.FullName} is built into the runtime and not known to the compiler");
        }
    }
}
