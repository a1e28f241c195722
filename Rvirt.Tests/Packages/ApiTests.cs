using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using NUnit.Framework;
using Rvirt.Tests.Layers;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Packages;

/// <summary>What a library lets its users see is what the list of it says: what becomes public, changes or goes is seen in review.</summary>
public sealed class ApiTests
{
    private static readonly NullabilityInfoContext s_nullability = new();

    [TestCaseSource(typeof(ProductSources), nameof(ProductSources.Packages))]
    public void PublicIsWhatTheListSays(string library)
    {
        var seen = Assembly.Load(library).GetExportedTypes().Where(type => !type.Name.StartsWith('<')).SelectMany(Lines).Order(StringComparer.Ordinal).ToArray();
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Top, "artifacts/api"));
        File.WriteAllLines(Path.Combine(folder.FullName, library + ".txt"), seen);
        var listed = File.ReadAllLines(Path.Combine(Repository.Top, "Rvirt.Tests/Packages/Api", library + ".txt"));
        Assert.That(
            seen.Except(listed).Select(line => "+ " + line).Concat(listed.Except(seen).Select(line => "- " + line)), Is.Empty,
            $"if this is meant: cp artifacts/api/{library}.txt Rvirt.Tests/Packages/Api/");
    }

    [Test]
    public void AListTellsEveryKindOfMemberApart() => Assert.That(Lines(typeof(Sample<>)), Is.EqualTo([
        "Rvirt.Tests.Packages.ApiTests+Sample`1: public abstract class : EventArgs, IEquatable<Int32> where T : struct, System.IDisposable",
        "Rvirt.Tests.Packages.ApiTests+Sample`1: const Int32 Constant = 3",
        "Rvirt.Tests.Packages.ApiTests+Sample`1: Boolean Flag { get; }",
        "Rvirt.Tests.Packages.ApiTests+Sample`1: protected virtual Void Derived(ref UInt64)",
        "Rvirt.Tests.Packages.ApiTests+Sample`1: static String? Text(in T, out Span<Byte>, UInt64*)",
    ]).AsCollection);

    private static IEnumerable<string> Lines(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var kind = type.IsEnum ? "enum : " + Enum.GetUnderlyingType(type).Name
            : type.IsInterface ? "interface"
            : type.IsValueType ? "struct"
            : type.IsAbstract && type.IsSealed ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        var above = type.IsClass && type.BaseType is { } parent && parent != typeof(object) ? [Name(parent)] : Array.Empty<string>();
        string[] bases = [.. above, .. type.GetInterfaces().Select(Name).Order(StringComparer.Ordinal)];
        yield return $"{type.FullName}: public {kind}{(bases.Length > 0 && !type.IsEnum ? " : " + string.Join(", ", bases) : "")}{Constraints(type.IsGenericTypeDefinition ? type.GetGenericArguments() : [])}";
        var members = type.GetFields(All).Where(field => Seen(field) && !field.IsSpecialName).Select(Field)
            .Concat(type.GetProperties(All).Where(property => property.GetAccessors(true).Any(Seen)).Select(Property))
            .Concat(type.GetMethods(All).Where(method => Seen(method) && !method.IsSpecialName).Select(method => Method(method, method.Name, method.ReturnParameter)))
            .Concat(type.GetMethods(All).Where(method => Seen(method) && method.Name.StartsWith("op_", StringComparison.Ordinal)).Select(method => Method(method, method.Name, method.ReturnParameter)))
            .Concat(type.GetConstructors(All).Where(Seen).Select(constructor => Method(constructor, "new", null)));
        foreach (var member in members)
        {
            yield return $"{type.FullName}: {member}";
        }
    }

    private static bool Seen(FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    private static bool Seen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Field(FieldInfo field) => field.IsLiteral
        ? FormattableString.Invariant($"const {Name(field.FieldType)} {field.Name} = {(field.FieldType.IsEnum ? Convert.ChangeType(field.GetRawConstantValue(), Enum.GetUnderlyingType(field.FieldType), null) : field.GetRawConstantValue())}")
        : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{Name(field.FieldType)} {field.Name}";

    private static string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(true).Where(Seen).ToArray();
        var index = property.GetIndexParameters();
        var names = accessors.Select(accessor => accessor.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit") ? "init;" : accessor.Name[..3] + ";");
        return $"{(accessors[0].IsStatic ? "static " : "")}{Name(property.PropertyType)} {property.Name}{(index.Length == 0 ? "" : $"[{string.Join(", ", index.Select(Parameter))}]")} {{ {string.Join(' ', names)} }}";
    }

    private static string Method(MethodBase method, string name, ParameterInfo? result)
    {
        var how = (method.IsPublic ? "" : "protected ") + (method.IsStatic ? "static " : "") + (method.IsAbstract ? "abstract " : method.IsVirtual && !method.IsFinal ? "virtual " : "");
        var type = result is null ? "" : Name(result.ParameterType) + (CanBeNull(result) ? "?" : "") + " ";
        var generic = method.IsGenericMethod ? method.GetGenericArguments() : [];
        return $"{how}{type}{name}{(generic.Length == 0 ? "" : $"<{string.Join(", ", generic.Select(argument => argument.Name))}>")}({string.Join(", ", method.GetParameters().Select(Parameter))}){Constraints(generic)}";
    }

    private static string Parameter(ParameterInfo parameter)
    {
        var how = !parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        return how + Name(parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType) + (CanBeNull(parameter) ? "?" : "");
    }

    private static bool CanBeNull(ParameterInfo parameter)
    {
        var type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        return !type.IsValueType && !type.IsPointer && !type.IsFunctionPointer && !type.IsGenericParameter && s_nullability.Create(parameter).ReadState == NullabilityState.Nullable;
    }

    private static string Constraints(Type[] arguments) => string.Concat(
        from argument in arguments
        let isStruct = argument.GenericParameterAttributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint)
        let needs = (isStruct ? ["struct"] : Array.Empty<string>()).Concat(argument.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(type => type.FullName is null ? Name(type) : type.Namespace + "." + Name(type)))
        where needs.Any()
        select $" where {argument.Name} : {string.Join(", ", needs)}");

    private static string Name(Type type) =>
        type.IsByRef ? "ref " + Name(type.GetElementType()!)
        : type.IsPointer ? Name(type.GetElementType()!) + "*"
        : type.IsFunctionPointer ? $"delegate*<{string.Join(", ", type.GetFunctionPointerParameterTypes().Append(type.GetFunctionPointerReturnType()).Select(Name))}>"
        : type.IsArray ? Name(type.GetElementType()!) + "[]"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;

    /// <summary>One of each kind; what is not for users is not listed.</summary>
    private abstract unsafe class Sample<T> : EventArgs, IEquatable<int>
        where T : struct, IDisposable
    {
        public const int Constant = 3;

        internal int Hidden = 1;

        public bool Flag => Hidden > 0;

        bool IEquatable<int>.Equals(int other) => other == Hidden;

        protected virtual void Derived(ref ulong value) => value++;

        public static string? Text(in T value, out Span<byte> bytes, ulong* words)
        {
            bytes = default;
            value.Dispose();
            return words == null ? null : "";
        }

        private protected Sample()
        {
        }
    }
}
