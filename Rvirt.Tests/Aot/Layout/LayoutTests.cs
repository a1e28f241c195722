using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using ICSharpCode.Decompiler.TypeSystem;
using NUnit.Framework;
using Rvirt.Aot.Layout;
using Rvirt.Tests.AotCases.Layouts;

namespace Rvirt.Tests.Aot.Layout;

/// <summary>A struct has the same size and its fields the same offsets as on .NET.</summary>
public class LayoutTests
{
    private static readonly LayoutEngine s_engine = new();

    private static readonly Type[] s_arguments = [typeof(byte), typeof(short), typeof(int), typeof(long), typeof(UInt128), typeof(Odd), typeof(Nested), typeof((byte, long))];

    private static IEnumerable<Type> Structs
    {
        get
        {
            foreach (var type in CompiledPrograms.CaseTypes.Where(type => type.Namespace == typeof(OneByte).Namespace && type is { IsValueType: true, IsEnum: false, IsGenericType: false, IsNested: false }))
            {
                yield return type;
            }
            foreach (var argument in s_arguments)
            {
                yield return typeof(Box<>).MakeGenericType(argument);
                yield return typeof(Box<>).MakeGenericType(typeof(Box<>).MakeGenericType(argument));
                yield return typeof(Outer<>).MakeGenericType(argument);
                yield return typeof(Linked<>).MakeGenericType(argument);
                yield return typeof(Nullable<>).MakeGenericType(argument);
                yield return typeof(ValueTuple<,,>).MakeGenericType(typeof(byte), argument, typeof(short));
                yield return typeof(Two<,>).MakeGenericType(argument, typeof(Box<>).MakeGenericType(argument));
            }
        }
    }

    [TestCaseSource(nameof(Structs))]
    public void IsLaidOutAsOnDotnet(Type type)
    {
        var shape = s_engine.ShapeOf(Import(type));
        Assert.That(shape.Size, Is.EqualTo(SizeOf(type)), "size");
        // What follows a byte in an array shows the alignment.
        var aligned = typeof(Two<,>).MakeGenericType(typeof(byte), type);
        Assert.That(s_engine.ShapeOf(Import(aligned)).Size, Is.EqualTo(SizeOf(aligned)), "alignment");
        if (type.GetCustomAttribute<InlineArrayAttribute>() is { } inline)
        {
            Assert.That(shape.Repeat, Is.EqualTo(inline.Length));
            return;
        }
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        Assert.That(
            shape.Fields.Select(place => $"{place.Field.Name} at {place.Offset}").Order(),
            Is.EqualTo(fields.Select(field => $"{field.Name} at {FieldOffsets.Of(type, field)}").Order()));
    }

    /// <summary>The compiler's view of a type: it has loaded assemblies of its own.</summary>
    private static IType Import(Type type)
    {
        if (type.IsGenericType && !type.IsGenericTypeDefinition)
        {
            return new ParameterizedType(Import(type.GetGenericTypeDefinition()), type.GetGenericArguments().Select(Import));
        }
        var name = new FullTypeName(type.FullName);
        return CompiledPrograms.Loaded.Modules.Select(module => module.GetTypeDefinition(name)).First(found => found is not null);
    }

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, [])!;
}
