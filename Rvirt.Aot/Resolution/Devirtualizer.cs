using System.Collections.Generic;
using System.Linq;
using ICSharpCode.Decompiler.TypeSystem;

namespace Rvirt.Aot.Resolution;

/// <summary>Finds the method that a call through an interface or a base class runs on a type known at compile time.</summary>
public sealed class Devirtualizer(MethodTable methods)
{
    private readonly Dictionary<(IType, IMethod), IMethod?> _known = [];

    /// <summary>
    /// The implementation of <paramref name="called"/> on <paramref name="type"/>, closed over the arguments of both; null where there is none.
    /// </summary>
    public IMethod? Resolve(IType type, IMethod called)
    {
        if (!_known.TryGetValue((type, called), out var found))
        {
            found = Find(type, called);
            _known.Add((type, called), found);
        }
        return found;
    }

    private IMethod? Find(IType type, IMethod called)
    {
        var isInterface = called.DeclaringType.Kind == TypeKind.Interface;
        for (var current = type; current is not null; current = BaseOf(current))
        {
            if (FindDeclared(current, called, isInterface) is { } found)
            {
                return Close(found, current, called);
            }
        }
        if (!isInterface)
        {
            return null;
        }
        return FindDefault(type, called);
    }

    private IMethod? FindDeclared(IType type, IMethod called, bool isInterface)
    {
        if (type.GetDefinition() is not { } definition)
        {
            return null;
        }
        var substitution = type.GetSubstitution();
        if (isInterface)
        {
            foreach (var method in methods.MethodsOf(definition))
            {
                if (method.IsExplicitInterfaceImplementation && ImplementsExplicitly(method, called, substitution))
                {
                    return method;
                }
            }
            if (!ImplementsDirectly(type, called.DeclaringType))
            {
                return null;
            }
        }
        else if (type.Equals(called.DeclaringType))
        {
            return (IMethod)called.MemberDefinition;
        }
        foreach (var method in methods.MethodsOf(definition))
        {
            if (method.Name == called.Name
                && method.IsStatic == called.IsStatic
                && !method.IsAbstract
                && (isInterface || method.IsOverride || method.IsVirtual)
                && method.TypeParameters.Count == called.TypeParameters.Count
                && SameSignature(method, called, substitution))
            {
                return method;
            }
        }
        return null;
    }

    private static bool ImplementsDirectly(IType type, IType interfaceType) =>
        type.GetAllBaseTypes().Any(candidate => candidate.Equals(interfaceType));

    private static bool ImplementsExplicitly(IMethod method, IMethod called, TypeParameterSubstitution substitution)
    {
        foreach (var implemented in method.ExplicitlyImplementedInterfaceMembers)
        {
            if (implemented.MemberDefinition.Equals(called.MemberDefinition)
                && implemented.DeclaringType.AcceptVisitor(substitution).Equals(called.DeclaringType))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The most derived default implementation in an interface of the type.</summary>
    private IMethod? FindDefault(IType type, IMethod called)
    {
        IMethod? best = null;
        if (!called.IsAbstract)
        {
            best = called;
        }
        foreach (var candidate in type.GetAllBaseTypes())
        {
            if (candidate.Kind != TypeKind.Interface || candidate.GetDefinition() is not { } definition)
            {
                continue;
            }
            foreach (var method in methods.MethodsOf(definition))
            {
                if (!method.IsAbstract
                    && method.IsExplicitInterfaceImplementation
                    && ImplementsExplicitly(method, called, candidate.GetSubstitution())
                    && (best is null || best.DeclaringType.Equals(called.DeclaringType) || candidate.GetAllBaseTypes().Any(b => b.Equals(best.DeclaringType))))
                {
                    best = Close(method, candidate, called);
                }
            }
        }
        return best;
    }

    private static bool SameSignature(IMethod method, IMethod called, TypeParameterSubstitution substitution)
    {
        if (method.Parameters.Count != called.Parameters.Count)
        {
            return false;
        }
        // Parameters of generic methods are compared with the called method's own arguments put in.
        var full = new TypeParameterSubstitution(
            substitution.ClassTypeArguments, called.TypeParameters.Count > 0 ? called.TypeArguments : null);
        if (!method.ReturnType.AcceptVisitor(full).Equals(called.ReturnType))
        {
            return false;
        }
        for (var i = 0; i < method.Parameters.Count; i++)
        {
            if (!method.Parameters[i].Type.AcceptVisitor(full).Equals(called.Parameters[i].Type))
            {
                return false;
            }
        }
        return true;
    }

    private static IMethod Close(IMethod method, IType type, IMethod called) =>
        ((IMethod)method.MemberDefinition).Specialize(new TypeParameterSubstitution(
            type.TypeArguments.Count > 0 ? type.TypeArguments : null,
            called.TypeParameters.Count > 0 ? called.TypeArguments : null));

    private static IType? BaseOf(IType type) => type.DirectBaseTypes.FirstOrDefault(candidate => candidate.Kind == TypeKind.Class);
}
