using System;
using System.Collections.Generic;
using NUnit.Framework;
using Rvirt.Aot.Ir;

namespace Rvirt.Tests.Aot.Ir;

/// <summary>The verifier accepts good IR and names each fault: every rule is broken once.</summary>
public class VerifierTests
{
    private static readonly IrConstant s_one = IrConstant.Int32(1);
    private static readonly IrConstant s_long = IrConstant.Int64(1);
    private static readonly IrConstant s_pointer = IrConstant.Null;

    /// <summary>A function <c>i32 f(i32, ptr)</c> under construction, in a module with a callee <c>i64 g(i32, ptr)</c> and a global.</summary>
    private sealed class Fixture
    {
        public Fixture()
        {
            Function = new IrFunction("f", "F", IrType.I32, [new IrParameter(IrType.I32), new IrParameter(IrType.Pointer)]);
            Module.Functions.Add("f", Function);
            Module.Functions.Add("g", new IrFunction("g", "G", IrType.I64, [new IrParameter(IrType.I32), new IrParameter(IrType.Pointer)]));
            Module.Globals.Add("data", new IrGlobal("data", 8, 8) { Data = new byte[8] });
            Entry = new IrBlock("entry");
            Function.Blocks.Add(Entry);
        }

        public IrModule Module { get; } = new();

        public IrFunction Function { get; }

        public IrBlock Entry { get; }

        public IrValue Number => Function.Parameters[0];

        public T Add<T>(T instruction)
            where T : IrInstruction
        {
            Entry.Instructions.Add(instruction);
            return instruction;
        }
    }

    private static TestCaseData Rule(string name, string expected, Action<Fixture> breakIt) =>
        new TestCaseData(expected, breakIt).SetArgDisplayNames(name);

    private static TestCaseData Instruction(string name, string expected, Func<Fixture, IrInstruction> make) =>
        Rule(name, expected, fixture => fixture.Add(make(fixture)));

    private static IEnumerable<TestCaseData> Rules
    {
        get
        {
            yield return Instruction("load", "load from a value that is no pointer", _ => new IrLoad(IrType.I32, s_long, 4));
            yield return Instruction("store", "store to a value that is no pointer", _ => new IrStore(s_one, s_long, 4));
            yield return Instruction("widths", "Add of i32 and i64", _ => new IrBinary(BinaryOp.Add, s_one, s_long));
            yield return Instruction("pointer arithmetic", "Sub of ptr and ptr", _ => new IrBinary(BinaryOp.Sub, s_pointer, s_pointer));
            yield return Instruction("compare", "compare of i32 and ptr", _ => new IrCompare(CompareOp.Equal, s_one, s_pointer));
            yield return Instruction("truncate", "Truncate from i32 to i64", _ => new IrCast(CastOp.Truncate, s_one, IrType.I64));
            yield return Instruction("zero extend", "ZeroExtend from i64 to i32", _ => new IrCast(CastOp.ZeroExtend, s_long, IrType.I32));
            yield return Instruction("sign extend", "SignExtend from ptr to i64", _ => new IrCast(CastOp.SignExtend, s_pointer, IrType.I64));
            yield return Instruction("pointer to int", "PointerToInt from i64 to i64", _ => new IrCast(CastOp.PointerToInt, s_long, IrType.I64));
            yield return Instruction("int to pointer", "IntToPointer from ptr to ptr", _ => new IrCast(CastOp.IntToPointer, s_pointer, IrType.Pointer));
            yield return Instruction("offset base", "offset of i64 by i64", _ => new IrOffset(s_long, s_long, inBounds: false));
            yield return Instruction("offset bytes", "offset of ptr by i32", _ => new IrOffset(s_pointer, s_one, inBounds: false));
            yield return Instruction("call result", "call of G expects i32, the function returns i64", _ => new IrCall(IrType.I32, new IrSymbol("g"), [s_one, s_pointer]));
            yield return Instruction("call count", "call of G with 1 arguments, not 2", _ => new IrCall(IrType.I64, new IrSymbol("g"), [s_one]));
            yield return Instruction("call argument", "call of G: argument 1 is i64, not ptr", _ => new IrCall(IrType.I64, new IrSymbol("g"), [s_one, s_long]));
            yield return Instruction("copy", "copy of wrong types", _ => new IrCopy(s_pointer, s_pointer, s_one, 1));
            yield return Instruction("fill", "fill of wrong types", _ => new IrFill(s_pointer, s_one, s_long, 1));
            yield return Instruction("atomic", "atomic on a value that is no pointer", _ => new IrAtomic("add", s_long, s_one));
            yield return Instruction("compare-exchange address", "atomic on a value that is no pointer", _ => new IrCompareExchange(s_long, s_one, s_one));
            yield return Instruction("compare-exchange values", "compare-exchange of different types", _ => new IrCompareExchange(s_pointer, s_one, s_long));
            yield return Instruction("stack allocation", "stack allocation of i32 bytes", _ => new IrStackAllocate(s_one, 16));
            yield return Instruction("unknown symbol", "unknown symbol absent", _ => new IrLoad(IrType.I32, new IrSymbol("absent"), 4));
            yield return Instruction("void operand", "IrStore uses a value of type void", fixture => new IrStore(fixture.Add(new IrFence(MemoryOrder.Acquire)), s_pointer, 4));
            yield return Rule("foreign parameter", "IrBinary uses a value of another function", fixture =>
                fixture.Add(new IrBinary(BinaryOp.Add, fixture.Number, new IrParameter(IrType.I32))));
            yield return Rule("foreign slot", "IrLoad uses a value of another function", fixture => fixture.Add(new IrLoad(IrType.I32, new IrSlot(4, 4), 4)));
            yield return Rule("use before definition", "IrBinary uses a value that comes later", fixture =>
            {
                var late = new IrBinary(BinaryOp.Add, s_one, s_one);
                fixture.Add(new IrBinary(BinaryOp.Mul, late, s_one));
                fixture.Add(late);
            });
            yield return Rule("middle terminator", "terminator before the end", fixture => fixture.Add(new IrReturn(s_one)));
            yield return Rule("foreign block", "branch to a block that is not in the function: elsewhere", fixture =>
            {
                var block = new IrBlock("extra");
                block.Instructions.Add(new IrBranch(new IrBlock("elsewhere")));
                fixture.Function.Blocks.Add(block);
            });
            yield return Rule("condition", "branch on i32", fixture => AddBlock(fixture, new IrConditionalBranch(s_one, fixture.Entry, fixture.Entry)));
            yield return Rule("switch", "switch on a value that is no integer", fixture => AddBlock(fixture, new IrSwitch(s_pointer, fixture.Entry, [])));
            yield return Rule("returned type", "returns i64 from a function of type i32", fixture => AddBlock(fixture, new IrReturn(s_long)));
            yield return Rule("returned nothing", "returns void from a function of type i32", fixture => AddBlock(fixture, new IrReturn(null)));
            yield return Rule("no terminator", "no terminator", fixture => fixture.Function.Blocks.Add(new IrBlock("open")));
            yield return Rule("data size", "data: 4 bytes of data for a size of 8", fixture => fixture.Module.Globals["data"].Data = new byte[4]);
            yield return Rule("relocation symbol", "data: relocation against unknown symbol absent", fixture =>
                fixture.Module.Globals["data"].Relocations.Add(new IrRelocation(0, "absent", 0)));
            yield return Rule("relocation place", "data: relocation at 4 does not fit", fixture =>
                fixture.Module.Globals["data"].Relocations.Add(new IrRelocation(4, "f", 0)));
        }
    }

    private static void AddBlock(Fixture fixture, IrTerminator terminator)
    {
        var block = new IrBlock("extra");
        block.Instructions.Add(terminator);
        fixture.Function.Blocks.Add(block);
    }

    [TestCaseSource(nameof(Rules))]
    public void NamesTheFault(string expected, object breakIt)
    {
        var fixture = new Fixture();
        ((Action<Fixture>)breakIt)(fixture);
        fixture.Add(new IrReturn(s_one));
        var errors = IrVerifier.Verify(fixture.Module);
        Assert.That(errors, Has.Count.EqualTo(1), string.Join('\n', errors));
        Assert.That(errors[0], Does.EndWith(expected));
    }

    [Test]
    public void AcceptsGoodCode()
    {
        var fixture = new Fixture();
        var slot = new IrSlot(4, 4);
        fixture.Function.Slots.Add(slot);
        fixture.Add(new IrStore(fixture.Number, slot, 4));
        var call = fixture.Add(new IrCall(IrType.I64, new IrSymbol("g"), [fixture.Number, new IrSymbol("data", 4)]));
        var sum = fixture.Add(new IrBinary(BinaryOp.Add, call, s_long));
        var narrow = fixture.Add(new IrCast(CastOp.Truncate, sum, IrType.I32));
        fixture.Add(new IrReturn(narrow));
        Assert.That(IrVerifier.Verify(fixture.Module), Is.Empty);
    }
}
