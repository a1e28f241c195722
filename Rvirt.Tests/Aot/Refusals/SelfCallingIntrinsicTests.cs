using System.Collections.Generic;
using System.Linq;
using System.Reflection.Metadata;
using ICSharpCode.Decompiler.IL;
using ICSharpCode.Decompiler.TypeSystem;
using NUnit.Framework;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Intrinsics;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Resolution;

namespace Rvirt.Tests.Aot.Refusals;

/// <summary>
/// Methods of the pinned core library that are written as calls of themselves, for a runtime to replace. Compiled as they stand they
/// never end: each is either known to the compiler or refused.
/// </summary>
public class SelfCallingIntrinsicTests
{
    private static IReadOnlyList<IMethod> SelfCallers { get; } = Find();

    [Test]
    public void ThePinnedCoreLibraryHasThem() => Assert.That(SelfCallers.Select(method => method.Name), Does.Contain("CompareExchange").And.Contain("MemoryBarrier"));

    [Test]
    public void EachIsKnownOrRefused() => Assert.Multiple(() =>
    {
        foreach (var method in SelfCallers.Where(method => !IntrinsicTable.Default.Knows($"{method.DeclaringType.FullName}.{method.Name}")))
        {
            Assert.That(
                () => IntrinsicTable.RefuseSelfCalling(method, new MethodInstance(method)),
                Throws.TypeOf<RefusalException>().With.Property(nameof(RefusalException.Code)).EqualTo(DiagnosticCode.SelfCallingIntrinsic),
                method.FullName);
        }
    });

    private static List<IMethod> Find()
    {
        var module = CompiledPrograms.Loaded.Modules.Single(candidate => candidate.AssemblyName == "System.Private.CoreLib");
        var methods = new MethodTable();
        var found = new List<IMethod>();
        foreach (var method in module.TypeDefinitions.SelectMany(methods.MethodsOf).Where(method => method.HasBody && Attributes.Has(method, Attributes.Intrinsic)))
        {
            var handle = (MethodDefinitionHandle)method.MetadataToken;
            var row = module.MetadataFile.Metadata.GetMethodDefinition(handle);
            var body = new ILReader(module).ReadIL(handle, module.MetadataFile.GetMethodBody(row.RelativeVirtualAddress));
            if (body.Descendants.OfType<CallInstruction>().Any(call => call.Method.MemberDefinition.Equals(method)))
            {
                found.Add(method);
            }
        }
        return found;
    }
}
