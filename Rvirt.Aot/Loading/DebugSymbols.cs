using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using ICSharpCode.Decompiler.Metadata;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Loading;

/// <summary>Source positions and names of local variables, from portable PDBs beside the assemblies or inside them.</summary>
public sealed class DebugSymbols
{
    private readonly Dictionary<MetadataFile, MetadataReader?> _readers = [];

    /// <summary>Reads the positions of a method; empty where there are none.</summary>
    public MethodSymbols ForMethod(MetadataModule module, MethodDefinitionHandle handle)
    {
        if (ReaderOf(module.MetadataFile) is not { } reader)
        {
            return MethodSymbols.None;
        }
        var debugHandle = handle.ToDebugInformationHandle();
        if (MetadataTokens.GetRowNumber(debugHandle) > reader.MethodDebugInformation.Count)
        {
            return MethodSymbols.None;
        }
        var information = reader.GetMethodDebugInformation(debugHandle);
        var points = new List<(int, IrLocation?)>();
        foreach (var point in information.GetSequencePoints())
        {
            points.Add((point.Offset, point.IsHidden ? null : new IrLocation(DocumentName(reader, point.Document), point.StartLine, point.StartColumn)));
        }
        var names = new Dictionary<int, string>();
        foreach (var scopeHandle in reader.GetLocalScopes(handle))
        {
            foreach (var variableHandle in reader.GetLocalScope(scopeHandle).GetLocalVariables())
            {
                var variable = reader.GetLocalVariable(variableHandle);
                if (!variable.Attributes.HasFlag(LocalVariableAttributes.DebuggerHidden))
                {
                    names[variable.Index] = reader.GetString(variable.Name);
                }
            }
        }
        return new MethodSymbols(points, names);
    }

    private readonly Dictionary<(MetadataReader, DocumentHandle), string> _documents = [];

    private string DocumentName(MetadataReader reader, DocumentHandle handle)
    {
        if (!_documents.TryGetValue((reader, handle), out var name))
        {
            name = reader.GetString(reader.GetDocument(handle).Name);
            _documents.Add((reader, handle), name);
        }
        return name;
    }

    private MetadataReader? ReaderOf(MetadataFile file)
    {
        if (_readers.TryGetValue(file, out var reader))
        {
            return reader;
        }
        reader = Open(file);
        _readers.Add(file, reader);
        return reader;
    }

    private static MetadataReader? Open(MetadataFile file)
    {
        if (file is not PEFile { Reader: var image })
        {
            return null;
        }
        try
        {
            return image.TryOpenAssociatedPortablePdb(
                file.FileName,
                path => File.Exists(path) ? new MemoryStream(File.ReadAllBytes(path)) : null,
                out var provider,
                out _) ? provider!.GetMetadataReader() : null;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException)
        {
            return null;
        }
    }
}

/// <summary>Source positions of one method, ordered by IL offset.</summary>
public sealed class MethodSymbols(IReadOnlyList<(int Offset, IrLocation? Location)> points, IReadOnlyDictionary<int, string> localNames)
{
    public static MethodSymbols None { get; } = new([], new Dictionary<int, string>());

    /// <summary>Names of local variables by index.</summary>
    public IReadOnlyDictionary<int, string> LocalNames { get; } = localNames;

    /// <summary>First position with a source line.</summary>
    public IrLocation? Start
    {
        get
        {
            foreach (var (_, location) in points)
            {
                if (location is not null)
                {
                    return location;
                }
            }
            return null;
        }
    }

    /// <summary>The position of the statement an IL offset belongs to; a hidden one takes the line before it.</summary>
    public IrLocation? At(int offset)
    {
        IrLocation? found = null;
        foreach (var (start, location) in points)
        {
            if (start > offset)
            {
                break;
            }
            found = location ?? found;
        }
        return found ?? Start;
    }
}
