using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Rvirt.Tests.Layers;

/// <summary>Layers point one way, and only the shim at the end of the line touches hardware.</summary>
public class LayerTests
{
    // Each library may use those before it.
    private static readonly string[] Order = ["Rvirt.Core", "Rvirt.Mmu", "Rvirt.Devices", "Rvirt.Platform.Qemu", "Rvirt.Boot"];

    private static readonly string[] HardwareAttributes = ["AsmIntrinsicAttribute", "LinkerSymbolAttribute"];

    private static IEnumerable<MethodInfo> Methods(Assembly assembly) => assembly.GetTypes().SelectMany(type => type.GetMethods(
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));

    [TestCaseSource(nameof(Order))]
    public void ALibraryUsesOnlyThoseBelowIt(string name)
    {
        var allowed = Order.TakeWhile(other => other != name).ToArray();
        var used = Assembly.Load(name).GetReferencedAssemblies().Select(reference => reference.Name!).ToArray();
        Assert.That(used, Is.Not.Empty);
        foreach (var reference in used)
        {
            Assert.That(
                allowed.Contains(reference) || reference.StartsWith("System.", StringComparison.Ordinal),
                $"{name} must not use {reference}");
        }
    }

    [TestCaseSource(nameof(Order))]
    public void OnlyTheShimReachesHardware(string name)
    {
        var reaching = Methods(Assembly.Load(name))
            .Where(method => method.GetCustomAttributesData().Any(data => HardwareAttributes.Contains(data.AttributeType.Name))
                || method.GetCustomAttribute<DllImportAttribute>() is not null)
            .Select(method => $"{method.DeclaringType}.{method.Name}")
            .ToArray();
        Assert.That(reaching, name == "Rvirt.Boot" ? Is.Not.Empty : Is.Empty);
    }

    [Test]
    public void TheInstructionsOfTheHartStandInOnePlace()
    {
        var places = Methods(Assembly.Load("Rvirt.Boot"))
            .Where(method => method.GetCustomAttributesData().Any(data => data.AttributeType.Name == "AsmIntrinsicAttribute"))
            .Select(method => method.DeclaringType!.FullName)
            .Distinct();
        Assert.That(places, Has.Exactly(1).Items);
    }
}
