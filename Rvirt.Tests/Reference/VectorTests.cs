using System;
using NUnit.Framework;
using Rvirt.Reference;
using Rvirt.Reference.Harts;
using Rvirt.Reference.Instructions;

namespace Rvirt.Tests.Reference;

/// <summary>The reference hart's vectors as its privileged state and its options see them; what instructions compute, <see cref="VectorOracleTests"/> judges.</summary>
public sealed class VectorTests
{
    private const ulong Base = Machine.DefaultRamBase;
    private const uint SetBytes = 0x0c00_7057 | (10 << 15), AddVectors = 0x0221_00d7, LoadBytes = 0x0205_8087;

    private static readonly int[] _csrs = [CsrNumber.Vstart, CsrNumber.Vxsat, CsrNumber.Vxrm, CsrNumber.Vcsr, CsrNumber.Vl, CsrNumber.Vtype, CsrNumber.Vlenb];

    [Test]
    public void AHartWithoutThemHasNone()
    {
        using var machine = Make(0);
        machine.Hart.WriteCsr(CsrNumber.Mstatus, Status.Vs);
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Mstatus) & Status.Vs, Is.Zero);
        foreach (var row in VectorTable.Rows)
        {
            Assert.That(IsRefused(machine, row.Match), row.Name);
        }

        foreach (var csr in _csrs)
        {
            Assert.That(machine.Hart.CanAccess(csr, PrivilegeLevel.Machine, false), Is.False);
        }
    }

    [Test]
    public void WhileTheyAreOffAllTrapsAndNothingIsDirty()
    {
        using var machine = Make(128);
        foreach (var row in VectorTable.Rows)
        {
            machine.Hart.WriteCsr(CsrNumber.Mstatus, 0);
            Assert.That(IsRefused(machine, row.Match), row.Name);
            Assert.That(machine.Hart.ReadCsr(CsrNumber.Mstatus) & Status.Vs, Is.Zero);
        }

        foreach (var csr in _csrs)
        {
            Assert.That(machine.Hart.CanAccess(csr, PrivilegeLevel.Machine, false), Is.False);
        }
    }

    [Test]
    public void AWriteOfACsrMakesThemDirtyAndAReadDoesNot()
    {
        using var machine = Make(128);
        foreach (var csr in (ReadOnlySpan<int>)[CsrNumber.Vstart, CsrNumber.Vxsat, CsrNumber.Vxrm, CsrNumber.Vcsr])
        {
            machine.Hart.WriteCsr(CsrNumber.Mstatus, Status.VsInitial);
            Assert.That(IsRefused(machine, ((uint)csr << 20) | 0x2573), Is.False, "csrr");
            Assert.That(machine.Hart.ReadCsr(CsrNumber.Mstatus) & (Status.Vs | Status.Sd), Is.EqualTo(Status.VsInitial));
            Assert.That(IsRefused(machine, ((uint)csr << 20) | 0x1073), Is.False, "csrw");
            Assert.That(machine.Hart.ReadCsr(CsrNumber.Mstatus) & (Status.Vs | Status.Sd), Is.EqualTo(Status.Vs | Status.Sd));
        }

        Assert.That(IsRefused(machine, ((uint)CsrNumber.Vl << 20) | 0x1073), "vl is read only");
    }

    /// <summary>Its vectors compute with integers only (Zve64x), so <c>misa.V</c> is clear.</summary>
    [TestCase(1u)]
    [TestCase(5u)]
    public void FloatingPointVectorsAreRefused(uint function)
    {
        using var machine = Make(128);
        machine.Hart.WriteCsr(CsrNumber.Mstatus, Status.Vs | Status.Fs);
        Assert.That(IsRefused(machine, SetBytes), Is.False);
        for (var operation = 0u; operation < 64; operation++)
        {
            Assert.That(IsRefused(machine, (operation << 26) | (1 << 25) | (function << 12) | 0x57));
        }

        Assert.That(machine.Hart.ReadCsr(CsrNumber.Misa) & (1 << 21), Is.Zero);
    }

    [TestCase(32)]
    [TestCase(96)]
    [TestCase(131072)]
    [TestCase(-128)]
    public void OnlyLengthsThatThereAreCanBeChosen(int bits) =>
        Assert.That(() => Make(bits), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("power of two"));

    [TestCase(64)]
    [TestCase(65536)]
    public void TheyCanBeShortAndLong(int bits)
    {
        using var machine = Make(bits);
        machine.Hart.WriteCsr(CsrNumber.Mstatus, Status.Vs);
        machine.Hart[10] = ulong.MaxValue;
        Assert.That(IsRefused(machine, SetBytes | (11 << 7) | (3 << 20)), Is.False);
        Assert.That(machine.Hart[11], Is.EqualTo(bits), "eight registers of bytes");
        Assert.That(machine.Hart.ReadCsr(CsrNumber.Vlenb), Is.EqualTo(bits / 8));
    }

    /// <summary>The state is part of what is put aside.</summary>
    [Test]
    public void SavingAndRestoringKeepsThem()
    {
        using var machine = Make(128);
        var hart = machine.Hart;
        hart.WriteCsr(CsrNumber.Mstatus, Status.Vs);
        hart[10] = 7;
        Assert.That(IsRefused(machine, SetBytes), Is.False);
        hart.WriteCsr(CsrNumber.Vcsr, 5);
        hart.WriteCsr(CsrNumber.Vstart, 3);
        new Random(1).NextBytes(hart.VectorRegisters);
        var registers = hart.VectorRegisters.ToArray();
        var snapshot = new HartSnapshot();
        hart.Save(snapshot);
        hart.VectorRegisters.Clear();
        hart[10] = 1;
        Assert.That(IsRefused(machine, SetBytes | (1 << 20)), Is.False);
        hart.WriteCsr(CsrNumber.Vcsr, 2);
        hart.Restore(snapshot);
        Assert.That(hart.VectorRegisters.ToArray(), Is.EqualTo(registers));
        Assert.That(hart.ReadCsr(CsrNumber.Vl), Is.EqualTo(7));
        Assert.That(hart.ReadCsr(CsrNumber.Vtype), Is.EqualTo(0xc0));
        Assert.That(hart.ReadCsr(CsrNumber.Vcsr), Is.EqualTo(5));
        Assert.That(hart.ReadCsr(CsrNumber.Vstart), Is.EqualTo(3));
    }

    /// <summary>A device is reached as by scalar accesses.</summary>
    [Test]
    public void AVectorIsStoredToADeviceByteByByte()
    {
        using var machine = Make(128);
        machine.Hart.WriteCsr(CsrNumber.Mstatus, Status.Vs);
        machine.Hart[10] = 3;
        Assert.That(IsRefused(machine, SetBytes), Is.False);
        "abc"u8.CopyTo(machine.Hart.VectorRegisters[16..]);
        machine.Hart[11] = 0x1000_0000;
        machine.Hart[12] = 0;
        // vsse8.v v1, (a1), a2
        Assert.That(IsRefused(machine, 0x0ac5_80a7), Is.False);
        Assert.That(machine.Uart.Output, Is.EqualTo("abc"));
    }

    /// <summary>A load that ran into memory that is not there goes on where it stopped.</summary>
    [Test]
    public void AnInstructionGoesOnBehindItsFault()
    {
        using var machine = Make(128);
        var hart = machine.Hart;
        hart.WriteCsr(CsrNumber.Mstatus, Status.Vs);
        hart[10] = 16;
        Assert.That(IsRefused(machine, SetBytes), Is.False);
        hart[11] = Base + machine.RamSize - 5;
        machine.Memory(hart[11], 5).Fill(0x11);
        hart.VectorRegisters.Fill(0xff);
        var traps = hart.Traps;
        Execute(machine, LoadBytes);
        Assert.That((hart.Traps - traps, hart.LastCause, hart.LastValue), Is.EqualTo((1, Cause.LoadAccessFault, Base + machine.RamSize)));
        Assert.That(hart.ReadCsr(CsrNumber.Vstart), Is.EqualTo(5));
        machine.Memory(Base + 0x1000, 16).Fill(0x22);
        hart[11] = Base + 0x1000;
        Assert.That(IsRefused(machine, LoadBytes), Is.False);
        Assert.That(hart.ReadCsr(CsrNumber.Vstart), Is.Zero);
        Assert.That(Convert.ToHexStringLower(hart.VectorRegisters[16..32]), Is.EqualTo("1111111111" + "2222222222222222222222"));
    }

    /// <summary>A fault-only-first load may leave elements out for any reason, but never the first.</summary>
    [TestCase(0UL, 16)]
    [TestCase(1UL, 1)]
    [TestCase(9UL, 9)]
    [TestCase(20UL, 16)]
    public void AFaultOnlyFirstLoadCanBeMadeToStopEarly(ulong limit, int length)
    {
        using var machine = Make(128);
        var hart = machine.Hart;
        hart.WriteCsr(CsrNumber.Mstatus, Status.Vs);
        hart[10] = 16;
        Assert.That(IsRefused(machine, SetBytes), Is.False);
        hart[11] = Base + 0x1000;
        hart.FaultOnlyFirstLimit = limit;
        Assert.That(IsRefused(machine, LoadBytes | (16 << 20)), Is.False);
        Assert.That(hart.ReadCsr(CsrNumber.Vl), Is.EqualTo(length));
        Assert.That(IsRefused(machine, AddVectors), Is.False);
    }

    [Test]
    public void NoTwoRowsOfTheTableMatchTheSameWord()
    {
        foreach (var a in VectorTable.Rows)
        {
            Assert.That(VectorTable.Find(a.Match), Is.SameAs(a));
            Assert.That(InstructionTable.Find(a.Match), Is.Null, a.Name);
            foreach (var b in VectorTable.Rows)
            {
                Assert.That(a == b || ((a.Match ^ b.Match) & a.Mask & b.Mask) != 0, $"{a.Name} and {b.Name}");
            }
        }
    }

    private static Machine Make(int bits)
    {
        var machine = new Machine(1 << 16, options: new HartOptions { VectorBits = bits });
        machine.Hart.WriteCsr(CsrNumber.Mtvec, Base + 0x100);
        return machine;
    }

    /// <summary>Runs one instruction; whether it was illegal. Any other trap is a failure.</summary>
    private static bool IsRefused(Machine machine, uint word)
    {
        var traps = machine.Hart.Traps;
        Execute(machine, word);
        Assert.That(machine.Hart.Traps == traps || machine.Hart.LastCause == Cause.IllegalInstruction);
        return machine.Hart.Traps != traps;
    }

    private static void Execute(Machine machine, uint word)
    {
        machine.Write64(Base, word);
        machine.Hart.Pc = Base;
        machine.Hart.Run(1);
    }
}
