using System.Collections.Generic;
using System.Reflection.Metadata;
using ICSharpCode.Decompiler.TypeSystem;

namespace Rvirt.Aot.Resolution;

/// <summary>Every method of a type, accessors and static constructors too, which the type system's own lists leave out.</summary>
public sealed class MethodTable
{
    private readonly Dictionary<ITypeDefinition, IReadOnlyList<IMethod>> _methods = [];

    public IReadOnlyList<IMethod> MethodsOf(ITypeDefinition type)
    {
        if (!_methods.TryGetValue(type, out var list))
        {
            var module = (MetadataModule)type.ParentModule!;
            var all = new List<IMethod>();
            foreach (var handle in module.MetadataFile.Metadata.GetTypeDefinition((TypeDefinitionHandle)type.MetadataToken).GetMethods())
            {
                all.Add(module.GetDefinition(handle));
            }
            list = all;
            _methods.Add(type, list);
        }
        return list;
    }

    /// <summary>The static constructor of a type, or null.</summary>
    public IMethod? StaticConstructorOf(ITypeDefinition type)
    {
        foreach (var method in MethodsOf(type))
        {
            if (method.IsStatic && method.Name == ".cctor")
            {
                return method;
            }
        }
        return null;
    }
}
