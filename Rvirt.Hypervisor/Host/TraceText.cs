using System;
using Rvirt.Core.Host;
using Rvirt.Core.Privileged;
using Rvirt.Devices.Console;

namespace Rvirt.Hypervisor.Host;

/// <summary>How a trap that was noted down is said.</summary>
internal static class TraceText
{
    /// <summary>Time, program counter, cause and value, and the end of the line.</summary>
    public static void Line<THost, TSink>(ConsoleWriter<THost, TSink> output, in TraceRecord record)
        where THost : struct, IMmio
        where TSink : struct, IConsoleSink<THost>
    {
        output.Text("time "u8).Decimal(record.Time).Text(" pc "u8).Hex(record.Pc).Text(" "u8);
        var name = Name(record.Cause);
        if (name.IsEmpty)
        {
            output.Text("scause "u8).Hex(record.Cause);
        }
        else
        {
            output.Text(name);
        }

        if ((record.Cause & Interrupts.CauseBit) == 0)
        {
            output.Text(" value "u8).Hex(record.Value);
        }

        output.Newline();
    }

    // Privileged spec 1.13 §12.1.8.
    private static ReadOnlySpan<byte> Name(ulong cause) => (cause & Interrupts.CauseBit) != 0
        ? (cause & ~Interrupts.CauseBit) switch
        {
            Interrupts.SoftwareCause => "software interrupt"u8,
            Interrupts.TimerCause => "timer interrupt"u8,
            Interrupts.ExternalCause => "external interrupt"u8,
            _ => default,
        }
        : cause > byte.MaxValue ? default : (ExceptionCause)cause switch
        {
            ExceptionCause.InstructionAddressMisaligned => "misaligned fetch"u8,
            ExceptionCause.InstructionAccessFault => "fetch access fault"u8,
            ExceptionCause.IllegalInstruction => "illegal instruction"u8,
            ExceptionCause.Breakpoint => "breakpoint"u8,
            ExceptionCause.LoadAddressMisaligned => "misaligned load"u8,
            ExceptionCause.LoadAccessFault => "load access fault"u8,
            ExceptionCause.StoreAddressMisaligned => "misaligned store"u8,
            ExceptionCause.StoreAccessFault => "store access fault"u8,
            ExceptionCause.EnvironmentCallFromUser => "ecall"u8,
            ExceptionCause.InstructionPageFault => "fetch page fault"u8,
            ExceptionCause.LoadPageFault => "load page fault"u8,
            ExceptionCause.StorePageFault => "store page fault"u8,
            _ => default,
        };
}
