using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Core.Sbi;

/// <summary>The debug console (SBI 2.0 §12). A call may carry fewer bytes than asked, so none holds the hart for long.</summary>
internal static class SbiConsole
{
    private const ulong BytesPerCall = 256;

    [ColdPath]
    internal static unsafe SbiResult Call<THost, TBus>(ref THost host, ref VCpu v, ref TBus bus, ulong function)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        if (function == 2)
        {
            Write(ref host, ref bus, (byte)v.X[SbiDispatcher.A0]);
            return SbiResult.Success();
        }

        if (function > 2)
        {
            return SbiDispatcher.NotSupported;
        }

        var asked = v.X[SbiDispatcher.A0];
        // The address is 128 bits wide: anything in the upper half is outside memory.
        if (v.X[SbiDispatcher.A2] != 0 || !v.Memory.TryPointer(v.X[SbiDispatcher.A1], asked, out var buffer))
        {
            return new SbiResult(SbiError.InvalidParam);
        }

        var limit = asked < BytesPerCall ? asked : BytesPerCall;
        ulong done;
        // SAFETY: the whole buffer is in the guest's RAM, checked above.
        if (function == 0)
        {
            for (done = 0; done < limit; done++)
            {
                Write(ref host, ref bus, buffer[done]);
            }
        }
        else
        {
            for (done = 0; done < limit; done++)
            {
                var input = bus.ConsoleRead(ref host);
                if (input < 0)
                {
                    break;
                }

                buffer[done] = (byte)input;
            }
        }

        return SbiResult.Success(done);
    }

    /// <summary>
    /// Writes a byte as the board's firmware does: a newline gets a carriage return before it, whatever came before that. SBI leaves it
    /// open, and callers rely on it: Linux's early console sends newlines alone.
    /// </summary>
    internal static void Write<THost, TBus>(ref THost host, ref TBus bus, byte value)
        where THost : struct, ITrapHost
        where TBus : struct, IGuestBus<THost>
    {
        if (value == (byte)'\n')
        {
            bus.ConsoleWrite(ref host, (byte)'\r');
        }

        bus.ConsoleWrite(ref host, value);
    }
}
