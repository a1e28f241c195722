using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.Emit;
using System.Text;
using NUnit.Framework;
using Rvirt.Aot;
using Rvirt.Aot.Cli;
using Rvirt.Aot.Diagnostics;
using Rvirt.Aot.Loading;
using Rvirt.Aot.Options;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Aot.Refusals;

/// <summary>Errors that are not of a line of C#: bad files, bad exports, tools that fail.</summary>
public class ProgramErrorTests
{
    /// <summary>Codes that tests of this class and of <see cref="StackUseTests"/> bring about.</summary>
    internal static IReadOnlyList<DiagnosticCode> Codes { get; } =
    [
        DiagnosticCode.Internal, DiagnosticCode.MissingAssembly, DiagnosticCode.UnresolvedMember, DiagnosticCode.ToolFailed,
        DiagnosticCode.InvalidExport, DiagnosticCode.Relocation, DiagnosticCode.Recursion, DiagnosticCode.StackUse,
        DiagnosticCode.BadOption,
    ];

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    private static Diagnostic Single(CompilerOptions options)
    {
        var diagnostics = new DiagnosticBag();
        Assert.That(CompilerDriver.Run(options, diagnostics, TextWriter.Null), Is.False);
        Assert.That(diagnostics.All, Has.Count.EqualTo(1), string.Join('\n', diagnostics.All));
        return diagnostics.All[0];
    }

    [Test]
    public void AMissingRootIsNamed()
    {
        var error = Single(CompiledPrograms.Options with { Roots = ["/nowhere/Absent.dll"] });
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.MissingAssembly));
        Assert.That(error.ToString(), Is.EqualTo("Rvirt.Aot: error RVA0002: assembly /nowhere/Absent.dll does not exist"));
    }

    [Test]
    public void ATypeOfAnAssemblyThatWasNotGivenIsUnresolved()
    {
        var diagnostics = new DiagnosticBag();
        var loaded = ProgramLoader.Load([CompiledPrograms.Cases], [], CompiledPrograms.CoreLibrary!, diagnostics)!;
        new ProgramCompiler(loaded, diagnostics).Run("rvirt_panic");
        Assert.That(diagnostics.All.Select(error => error.Code).Distinct(), Is.EqualTo([DiagnosticCode.UnresolvedMember]));
        Assert.That(diagnostics.All[0].Message, Does.Contain("Rvirt.Core.Freestanding.PanicKind"));
    }

    [Test]
    public void APathMapOfAnotherFormIsRefused()
    {
        var error = Single(CompiledPrograms.Options with { PathMap = ["/here"] });
        Assert.That(error.ToString(), Is.EqualTo("Rvirt.Aot: error RVA0007: --path-map /here is not of the form FROM=TO"));
    }

    [Test]
    public void AMissingReferenceIsNamed()
    {
        var error = Single(CompiledPrograms.Options with { References = ["/nowhere/Rvirt.Core.dll"] });
        Assert.That(error.ToString(), Is.EqualTo("Rvirt.Aot: error RVA0002: assembly /nowhere/Rvirt.Core.dll does not exist"));
    }

    [Test]
    public void WithoutAReferenceNothingIsAFaultOfTheCompiler()
    {
        var diagnostics = new DiagnosticBag();
        Assert.That(CompilerDriver.Run(CompiledPrograms.Options with { References = [] }, diagnostics, TextWriter.Null), Is.False);
        Assert.That(diagnostics.All.Where(error => error.Code == DiagnosticCode.Internal), Is.Empty);
        Assert.That(diagnostics.All.Where(error => error.Code == DiagnosticCode.UnresolvedMember), Is.Not.Empty);
    }

    [Test]
    public void AnExportThatIsNotThereIsNamed()
    {
        var error = Single(CompiledPrograms.Options with { Exports = ["stack_deep", "nosuch"] });
        Assert.That(error.ToString(), Is.EqualTo("Rvirt.Aot: error RVA0006: no method of the roots exports nosuch"));
    }

    [Test]
    public void APanicHandlerOfAnotherSignatureIsRefused()
    {
        var path = _folder.File("Panic.dll");
        EmittedAssembly.Write(path, ("rvirt_panic", il => il.Emit(OpCodes.Ret)));
        var error = Single(new CompilerOptions { Roots = [path], Output = _folder.File("x.elf") });
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.InvalidExport));
        Assert.That(error.Message, Does.StartWith("rvirt_panic takes a kind, a text and an address").And.Contain("Method0"));
    }

    [Test]
    public void TwoExportsOfOneSymbolAreRefused()
    {
        var path = _folder.File("Twice.dll");
        EmittedAssembly.Write(path, ("same", il => il.Emit(OpCodes.Ret)), ("same", il => il.Emit(OpCodes.Ret)));
        var error = Single(new CompilerOptions { Roots = [path], Output = _folder.File("x.elf") });
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.InvalidExport));
        Assert.That(error.Message, Does.Contain("Method0").And.Contain("Method1").And.Contain("both export same"));
    }

    [Test]
    public void ABodyThatCannotBeReadIsAFaultOfTheCompiler()
    {
        var path = _folder.File("Broken.dll");
        EmittedAssembly.Write(path, ("broken", il => il.Emit(OpCodes.Ret)));
        EmittedAssembly.BreakBody(path, "Method0");
        var error = Single(new CompilerOptions { Roots = [path], Output = _folder.File("x.elf") });
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.Internal));
        Assert.That(error.Message, Does.StartWith("Emitted.Program.Method0: BadImageFormatException"));
    }

    [Test]
    public void IlThatMixesIncompatibleTypesIsInvalid()
    {
        var path = _folder.File("Mixed.dll");
        EmittedAssembly.Write(path, ("mixed", Mixed));
        Assert.That(Single(new CompilerOptions { Roots = [path], Output = _folder.File("x.elf") }).Code, Is.EqualTo(DiagnosticCode.InvalidIl));

        static void Mixed(ILGenerator il)
        {
            // A function without a value on its stack returns one.
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Pop);
            il.Emit(OpCodes.Ret);
        }
    }

    private CompilerOptions WithAssembly(string text) => CompiledPrograms.Options with
    {
        Exports = ["stack_deep"],
        Assembly = [_folder.Write("extra.S", Encoding.ASCII.GetBytes(text))],
        Output = _folder.File("x.elf"),
    };

    [Test]
    public void WhatAToolSaysIsPassedOn()
    {
        var error = Single(WithAssembly(".globl _start\n_start: no_such_instruction\n"));
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.ToolFailed));
        Assert.That(error.Message, Does.Contain("extra.S:2").And.Contain("no_such_instruction").Or.Contain("unrecognized instruction"));
    }

    [Test]
    public void AMissingToolIsNamedWithItsPackages()
    {
        var error = Single(CompiledPrograms.Options with { Exports = ["stack_deep"], Clang = "clang-of-nowhere", Output = _folder.File("x.elf") });
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.ToolFailed));
        Assert.That(error.Message, Does.Contain("clang-of-nowhere").And.Contain("install clang-19"));
    }

    [Test]
    public void AnUndefinedSymbolIsAnError()
    {
        var error = Single(WithAssembly(".globl _start\n_start: call absent\n"));
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.ToolFailed));
        Assert.That(error.Message, Does.Contain("undefined symbol: absent"));
    }

    [Test]
    public void ARelocationThatTheImageCannotApplyIsRefused()
    {
        // An indirect function needs a loader that calls its resolver.
        var options = WithAssembly(".globl _start\n_start: call chosen\n.type chosen, @gnu_indirect_function\nchosen: ret\n");
        var error = Single(options with { IsPositionIndependent = true });
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.Relocation));
        Assert.That(error.Message, Does.Contain("R_RISCV_IRELATIVE"));
    }

    [Test]
    public void APointerThatIsNotAlignedIsRefusedInAnImageThatRelocatesItself()
    {
        var options = WithAssembly(".globl _start\n_start: ret\n.section .data.odd, \"awR\"\n.byte 0\n.dword _start\n");
        var error = Single(options with { IsPositionIndependent = true });
        Assert.That(error.Code, Is.EqualTo(DiagnosticCode.Relocation));
        Assert.That(error.Message, Does.Contain("R_RISCV_RELATIVE"));
    }

    [Test]
    public void AllErrorsOfAProgramComeAtOnce()
    {
        var diagnostics = new DiagnosticBag();
        Assert.That(CompilerDriver.Run(CompiledPrograms.Options, diagnostics, TextWriter.Null), Is.False);
        Assert.That(diagnostics.All.Select(error => error.Code).Distinct().Count(), Is.GreaterThan(8));
    }
}
