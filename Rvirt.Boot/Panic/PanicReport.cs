using System;
using Rvirt.Boot.Host;
using Rvirt.Boot.Target;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Instructions;
using Rvirt.Devices.Console;
using Rvirt.Hypervisor.Host;

namespace Rvirt.Boot.Panic;

/// <summary>What a bug of the hypervisor prints: what happened, the registers, and the calls that led there.</summary>
/// <remarks>Addresses are printed as the linker gave them out, so that tools find them in the ELF file.</remarks>
internal static unsafe class PanicReport
{
    private const int MaximumCalls = 24;

    // The register that a call leaves its return address in, and ra there.
    private const uint AnyLink = 0xf80;
    private const uint Link = 0x080;

    /// <summary>Prints a failed check or a thrown exception.</summary>
    /// <param name="host">Where it is printed.</param>
    /// <param name="kind">A <see cref="PanicKind"/>.</param>
    /// <param name="what">A text that ends with NUL, or null.</param>
    /// <param name="pc">The instruction that failed.</param>
    internal static void Check(ref TargetHost host, uint kind, byte* what, ulong pc)
    {
        var writer = new ConsoleWriter<TargetHost, EmergencySink<TargetHost>>(ref host, default);
        writer.Text("\nrvirt: panic: "u8).Text(KindText((PanicKind)kind));
        if (what != null)
        {
            writer.Text(": "u8);
            // SAFETY: the compiler ends its texts with NUL.
            writer.Text(new ReadOnlySpan<byte>(what, Length(what)));
        }

        writer.Text(" at "u8).Hex(LinkAddress(pc)).Newline();
        Calls(writer, pc, Instructions.StackPointer());
    }

    /// <summary>Prints a trap of the hypervisor itself.</summary>
    internal static void Trap(ref TargetHost host, HostFrame* frame)
    {
        var writer = new ConsoleWriter<TargetHost, EmergencySink<TargetHost>>(ref host, default);
        // SAFETY: the trap vector filled the frame in.
        writer.Text("\nrvirt: panic: the hypervisor trapped: scause "u8).Hex(frame->Scause)
            .Text(" sepc "u8).Hex(LinkAddress(frame->Sepc))
            .Text(" stval "u8).Hex(frame->Stval)
            .Text(" sstatus "u8).Hex(frame->Sstatus)
            .Newline();
        Instruction(writer, frame->Sepc);
        Registers(writer, frame);
        Calls(writer, frame->Sepc, (ulong*)frame->X[2]);
    }

    private static void Instruction(ConsoleWriter<TargetHost, EmergencySink<TargetHost>> writer, ulong pc)
    {
        if (pc < (ulong)Routines.ImageStart() || pc >= (ulong)Routines.TextEnd() - 2 || (pc & 1) != 0)
        {
            return;
        }

        // SAFETY: inside the image's code, checked above; behind that code its data follows, so that a second half is there.
        var code = (ushort*)pc;
        var instruction = (code[0] & 3) == 3 ? code[0] | ((uint)code[1] << 16) : code[0];
        Span<byte> text = stackalloc byte[Disassembler.MaximumLength];
        writer.Text("rvirt: instruction: "u8).Text(text[..Disassembler.Write(instruction, text)]).Newline();
    }

    private static void Registers(ConsoleWriter<TargetHost, EmergencySink<TargetHost>> writer, HostFrame* frame)
    {
        for (var i = 1; i < 32; i++)
        {
            writer.Text(i % 4 == 1 ? "rvirt:   "u8 : " "u8)
                .Text(RegisterName.Column(i))
                .Text(" "u8)
                .Hex(frame->X[i]);
            if (i % 4 == 0 || i == 31)
            {
                writer.Newline();
            }
        }
    }

    private static void Calls(ConsoleWriter<TargetHost, EmergencySink<TargetHost>> writer, ulong pc, ulong* stack)
    {
        writer.Text("rvirt: calls: "u8).Hex(LinkAddress(pc));
        var count = 0;
        var top = ((ulong)stack | (Limits.StackSize - 1)) + 1;
        for (var at = ((ulong)stack + 7) & ~7UL; at < top && count < MaximumCalls; at += 8)
        {
            // SAFETY: a stack is aligned to its size, so this stays inside of it.
            var value = *(ulong*)at;
            var call = CallBefore(value);
            if (call != 0)
            {
                writer.Text(" "u8).Hex(LinkAddress(call));
                count++;
            }
        }

        writer.Newline().Text("rvirt: names: llvm-symbolizer-19 -e IMAGE.elf ADDRESS...\n"u8);
    }

    /// <summary>The call instruction in front of a return address; zero where the value is none.</summary>
    private static ulong CallBefore(ulong value)
    {
        if (value < (ulong)Routines.ImageStart() + 4 || value >= (ulong)Routines.TextEnd() || (value & 1) != 0)
        {
            return 0;
        }

        // SAFETY: inside the image's code, checked above.
        var code = (ushort*)value;
        if ((code[-2] & (Encodings.OpcodeMask | AnyLink)) is (Encodings.JalrOpcode | Link) or (Encodings.JalOpcode | Link))
        {
            return value - 4;
        }

        return (code[-1] & Encodings.CompressedRegisterMask) == Encodings.CompressedCallRegister && (code[-1] & AnyLink) != 0 ? value - 2 : 0;
    }

    private static ulong LinkAddress(ulong address)
    {
        var start = (ulong)Routines.ImageStart();
        return address >= start && address < (ulong)Routines.TextEnd() ? address - start + *Routines.LinkAddress() : address;
    }

    private static int Length(byte* text)
    {
        var length = 0;
        while (text[length] != 0)
        {
            length++;
        }

        return length;
    }

    private static ReadOnlySpan<byte> KindText(PanicKind kind) => kind switch
    {
        PanicKind.IndexOutOfRange => "index out of range"u8,
        PanicKind.NullReference => "null reference"u8,
        PanicKind.DivideByZero => "division by zero"u8,
        PanicKind.Overflow => "overflow"u8,
        PanicKind.Exception => "exception"u8,
        PanicKind.Unreachable => "unreachable code reached"u8,
        _ => "unknown kind"u8,
    };
}
