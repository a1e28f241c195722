using System;
using System.Collections.Generic;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Resolution;

/// <summary>A method with all its type arguments: what is compiled once.</summary>
public sealed class MethodInstance : IEquatable<MethodInstance>
{
    /// <param name="method">The method, closed.</param>
    /// <param name="selfType">For a default interface method: the struct it runs on.</param>
    public MethodInstance(IMethod method, IType? selfType = null)
    {
        Definition = (IMethod)method.MemberDefinition;
        ClassArguments = method.DeclaringType.TypeArguments;
        MethodArguments = method.TypeParameters.Count > 0 ? method.TypeArguments : [];
        if (Definition.DeclaringTypeDefinition is { TypeParameterCount: 0 })
        {
            ClassArguments = [];
        }
        SelfType = selfType;
        Substitution = new TypeParameterSubstitution(
            ClassArguments.Count > 0 ? ClassArguments : null, MethodArguments.Count > 0 ? MethodArguments : null);
        Method = Definition.Specialize(Substitution);
    }

    public IMethod Definition { get; }

    /// <summary>The closed method: its parameter and return types hold no type parameters.</summary>
    public IMethod Method { get; }

    public IReadOnlyList<IType> ClassArguments { get; }

    public IReadOnlyList<IType> MethodArguments { get; }

    public IType? SelfType { get; }

    public TypeParameterSubstitution Substitution { get; }

    /// <summary>The method that first needed this one, and where; null for an export.</summary>
    public MethodInstance? ReachedFrom { get; init; }

    public IrLocation? ReachedAt { get; init; }

    public bool Equals(MethodInstance? other) =>
        other is not null
        && ReferenceEquals(Definition, other.Definition)
        && Equals(SelfType, other.SelfType)
        && Same(ClassArguments, other.ClassArguments)
        && Same(MethodArguments, other.MethodArguments);

    public override bool Equals(object? obj) => Equals(obj as MethodInstance);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Definition);
        foreach (var type in ClassArguments)
        {
            hash.Add(type);
        }
        foreach (var type in MethodArguments)
        {
            hash.Add(type);
        }
        return hash.ToHashCode();
    }

    private static bool Same(IReadOnlyList<IType> left, IReadOnlyList<IType> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }
        for (var i = 0; i < left.Count; i++)
        {
            if (!left[i].Equals(right[i]))
            {
                return false;
            }
        }
        return true;
    }
}
