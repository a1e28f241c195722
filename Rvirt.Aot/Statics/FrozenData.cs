using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Reflection.Metadata;
using System.Text;
using ICSharpCode.Decompiler.TypeSystem;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Ir;
using Rvirt.Aot.Layout;

namespace Rvirt.Aot.Statics;

/// <summary>Constant data: initial bytes of the compiler's tables, string objects, texts for panics.</summary>
public sealed class FrozenData(ProgramCompiler program)
{
    private readonly Dictionary<IField, IrGlobal> _mapped = [];
    private readonly Dictionary<string, IrGlobal> _strings = [];
    private readonly Dictionary<string, IrGlobal> _texts = [];
    private readonly Dictionary<IType, IrGlobal> _standIns = [];
    private readonly Dictionary<IType, IrGlobal> _emptyArrays = [];

    /// <summary>Data that Roslyn stored in the assembly: <c>ReadOnlySpan&lt;T&gt; X => [..]</c>, u8 literals, array initializers.</summary>
    public IrSymbol Mapped(MetadataModule module, IField field, int address)
    {
        if (!_mapped.TryGetValue(field, out var global))
        {
            var size = program.Layouts.ShapeOf(field.Type).Size;
            var section = module.MetadataFile.GetSectionData(address);
            if (section.Length < size)
            {
                throw new RefusalException(DiagnosticCode.InvalidIl, $"data of {field.FullName} is cut short");
            }
            // Aligned for the widest element that such a size is a whole number of: text is mostly of bytes alone.
            global = Add($"data.{field.Name}", ReadBytes(section, size), size == 0 ? 1 : Math.Min(size & -size, 8));
            _mapped.Add(field, global);
        }
        return new IrSymbol(global.Symbol);
    }

    /// <summary>Bytes of the data behind a field handle, or null when the field has none.</summary>
    public static int? MappedAddress(IField field)
    {
        var definition = (IField)field.MemberDefinition;
        var module = (MetadataModule)definition.ParentModule!;
        var address = module.MetadataFile.Metadata.GetFieldDefinition((FieldDefinitionHandle)definition.MetadataToken).GetRelativeVirtualAddress();
        return address == 0 ? null : address;
    }

    /// <summary>A string object: header, length, UTF-16 text, terminator.</summary>
    public IrSymbol String(string text)
    {
        if (!_strings.TryGetValue(text, out var global))
        {
            var data = new byte[LayoutEngine.Align(LayoutEngine.ObjectHeaderSize + 4 + ((text.Length + 1) * 2), 8)];
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(LayoutEngine.ObjectHeaderSize), text.Length);
            Encoding.Unicode.GetBytes(text, data.AsSpan(LayoutEngine.ObjectHeaderSize + 4));
            global = Add("string", data, 8);
            _strings.Add(text, global);
        }
        return new IrSymbol(global.Symbol);
    }

    /// <summary>A zero-terminated UTF-8 text.</summary>
    public IrSymbol Text(string text)
    {
        if (!_texts.TryGetValue(text, out var global))
        {
            global = Add("text", Encoding.UTF8.GetBytes(text + "\0"), 1);
            _texts.Add(text, global);
        }
        return new IrSymbol(global.Symbol);
    }

    /// <summary>The one object of a type that has nothing in it but its identity.</summary>
    public IrSymbol StandIn(IType type) => Zeroes(_standIns, type, LayoutEngine.ObjectHeaderSize);

    /// <summary>The one array of a type that has no elements.</summary>
    public IrSymbol EmptyArray(IType element) => Zeroes(_emptyArrays, element, LayoutEngine.Align(LayoutEngine.ArrayDataOffset, 8));

    private IrSymbol Zeroes(Dictionary<IType, IrGlobal> known, IType type, int size)
    {
        if (!known.TryGetValue(type, out var global))
        {
            // Not constant: constants with the same bytes may be made one.
            global = new IrGlobal(program.Names.Unique("object"), size, 8);
            program.Module.Globals.Add(global.Symbol, global);
            known.Add(type, global);
        }
        return new IrSymbol(global.Symbol);
    }

    private static byte[] ReadBytes(ICSharpCode.Decompiler.Metadata.SectionData section, int size)
    {
        // SAFETY: the caller has checked that the section holds so many bytes.
        unsafe
        {
            return new ReadOnlySpan<byte>(section.Pointer, size).ToArray();
        }
    }

    private IrGlobal Add(string name, byte[] data, int alignment)
    {
        var global = new IrGlobal(program.Names.Unique(name), data.Length, alignment) { Data = data, IsConstant = true };
        program.Module.Globals.Add(global.Symbol, global);
        return global;
    }
}
