using System;
using System.Linq;
using NUnit.Framework;
using Rvirt.Core.Sbi;
using Rvirt.Tests.Core.Traps;

namespace Rvirt.Tests.Core.Sbi;

/// <summary>
/// The debug console (SBI 2.0 §12) carries what is in the guest's buffer, byte for byte, and a bounded number of bytes per call. Output gets
/// a carriage return before each newline, as from the board's firmware.
/// </summary>
public sealed class ConsoleCallTests
{
    private static (long Error, ulong Value) Call(TrapMachine machine, ulong function, ulong length)
    {
        machine.Ecall(SbiExtension.Dbcn, function, length, TrapMachine.RamBase + 0x100, 0);
        return ((long)machine.V.X[10], machine.V.X[11]);
    }

    [TestCase(0, 0)]
    [TestCase(255, 255)]
    [TestCase(256, 256)]
    [TestCase(257, 256)]
    [TestCase(0x1000, 256)]
    public void ACallWritesTheStartOfTheBuffer(int asked, int done)
    {
        using var machine = new TrapMachine();
        for (var i = 0; i < 0x1000; i++)
        {
            machine.Ram[0x100 + i] = (byte)(i + 1);
        }

        Assert.That(Call(machine, 0, (ulong)asked), Is.EqualTo((0L, (ulong)done)));
        Assert.That(machine.Bus.Output.ToString(),
            Is.EqualTo(string.Concat(Enumerable.Range(1, done).Select(i => (char)(byte)i)).Replace("\n", "\r\n", StringComparison.Ordinal)));
    }

    [Test]
    public void ANewlineGetsACarriageReturnByEachWayOut()
    {
        const string Text = "a\nb\r\n\n\r";
        const string Shown = "a\r\nb\r\r\n\r\n\r";
        using var machine = new TrapMachine();
        Text.Select(character => (byte)character).ToArray().CopyTo(machine.Ram[0x100..]);
        Assert.That(Call(machine, 0, (ulong)Text.Length), Is.EqualTo((0L, (ulong)Text.Length)), "what the guest asked for, not what it became");
        foreach (var character in Text)
        {
            machine.Ecall(SbiExtension.Dbcn, 2, character);
        }

        foreach (var character in Text)
        {
            machine.Ecall(SbiExtension.LegacyConsolePutchar, 0, character);
        }

        Assert.That(machine.Bus.Output.ToString(), Is.EqualTo(Shown + Shown + Shown));
    }

    [TestCase(0, 0)]
    [TestCase(256, 256)]
    [TestCase(300, 256)]
    public void ACallReadsNoMoreThanTheBufferHolds(int asked, int done)
    {
        using var machine = new TrapMachine();
        machine.Ram.Fill(0xee);
        for (var i = 0; i < 400; i++)
        {
            machine.Bus.Input.Enqueue((byte)i);
        }

        Assert.That(Call(machine, 1, (ulong)asked), Is.EqualTo((0L, (ulong)done)));
        Assert.That(machine.Ram.Slice(0x100, done).ToArray(), Is.EqualTo(Enumerable.Range(0, done).Select(i => (byte)i)));
        Assert.That(machine.Ram[(0x100 + done)..].IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1));
        Assert.That(machine.Ram[..0x100].IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1));
    }

    [Test]
    public void AZeroIsAByteLikeAnyOther()
    {
        using var machine = new TrapMachine();
        machine.Ram.Fill(0xee);
        machine.Bus.Input.Enqueue(0);
        Assert.That(Call(machine, 1, 4), Is.EqualTo((0L, 1UL)));
        Assert.That(machine.Ram.Slice(0x100, 2).ToArray(), Is.EqualTo(new byte[] { 0, 0xee }));
        machine.Ecall(SbiExtension.Dbcn, 2, 0x1_00);
        Assert.That(machine.Bus.Output.ToString(), Is.EqualTo("\0"), "the lower eight bits of the argument");
    }
}
