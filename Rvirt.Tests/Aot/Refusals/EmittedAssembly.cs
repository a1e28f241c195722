using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Rvirt.Tests.Aot.Refusals;

/// <summary>Assemblies that no C# compiler writes.</summary>
internal static class EmittedAssembly
{
    /// <summary>Writes an assembly with static methods <c>void Export(long)</c> that are exported.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="methods">Symbol and body of each.</param>
    public static void Write(string path, params IReadOnlyList<(string Symbol, Action<ILGenerator> Body)> methods)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(Path.GetFileNameWithoutExtension(path)), typeof(object).Assembly);
        var type = assembly.DefineDynamicModule("Emitted").DefineType("Emitted.Program", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        var attribute = typeof(UnmanagedCallersOnlyAttribute);
        for (var i = 0; i < methods.Count; i++)
        {
            var method = type.DefineMethod($"Method{i}", MethodAttributes.Public | MethodAttributes.Static, typeof(void), [typeof(long)]);
            method.SetCustomAttribute(new CustomAttributeBuilder(
                attribute.GetConstructor([])!, [], [attribute.GetField("EntryPoint")!], [methods[i].Symbol]));
            methods[i].Body(method.GetILGenerator());
        }
        type.CreateType();
        assembly.Save(path);
    }

    /// <summary>Overwrites the header of a method's body, so that it cannot be read.</summary>
    public static void BreakBody(string path, string method)
    {
        var bytes = File.ReadAllBytes(path);
        using var reader = new PEReader(new MemoryStream(bytes));
        var metadata = reader.GetMetadataReader();
        foreach (var handle in metadata.MethodDefinitions)
        {
            var row = metadata.GetMethodDefinition(handle);
            if (metadata.GetString(row.Name) == method)
            {
                var section = reader.PEHeaders.GetContainingSectionIndex(row.RelativeVirtualAddress);
                var header = reader.PEHeaders.SectionHeaders[section];
                bytes[row.RelativeVirtualAddress - header.VirtualAddress + header.PointerToRawData] = 0;
            }
        }
        File.WriteAllBytes(path, bytes);
    }
}
