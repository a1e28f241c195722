using System;
using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Devices.Console;

/// <summary>Shares the host's UART between the guests and the hypervisor.</summary>
/// <remarks>
/// <para>One guest: its bytes pass as they are. Several: every line starts with <c>[name] </c>, and is held back until it ends, fills
/// its buffer, or is flushed because its guest fell silent. Where another line had to come between, the begun line is shown again from
/// its start when its guest goes on. The hypervisor's own lines start with <c>rvirt: </c>.</para>
/// <para>Input goes to the guest that has the focus. When its buffer is full the host's UART is left alone until there is room, so
/// that pasted text is not lost.</para>
/// <para>The lock is innermost: no other lock is taken while it is held.</para>
/// </remarks>
public unsafe struct ConsoleMultiplexer<THost>
    where THost : struct, IMmio
{
    private const int NoGuest = -1;
    private const int PanicPatience = 1 << 20;

    private TicketLock _lock;
    private HostUartDriver<THost> _uart;
    private GuestConsole* _guests;
    private int _guestCount;
    private int _focus;
    private int _openLine;
    private bool _lineOpen;
    private bool _throttled;

    /// <summary>Bytes of memory that <see cref="Initialize"/> wants.</summary>
    public static nuint BytesNeeded(int guests) => (nuint)guests * (nuint)sizeof(GuestConsole);

    /// <summary>Sets the console up. Input stays off until <see cref="EnableInput"/>.</summary>
    /// <param name="uart">The host's UART, initialized.</param>
    /// <param name="memory">Zeroed memory of <see cref="BytesNeeded"/> bytes, aligned to 16; null where there is no guest yet.</param>
    /// <param name="guests">Number of guests that have a console.</param>
    public void Initialize(in HostUartDriver<THost> uart, void* memory, int guests)
    {
        this = default;
        _uart = uart;
        _openLine = NoGuest;
        Attach(memory, guests);
    }

    /// <summary>Gives the console its guests, once it is known how many there are.</summary>
    /// <param name="memory">Zeroed memory of <see cref="BytesNeeded"/> bytes, aligned to 16.</param>
    /// <param name="guests">Number of guests that have a console.</param>
    public void Attach(void* memory, int guests)
    {
        _guests = (GuestConsole*)memory;
        _guestCount = memory == null ? 0 : guests;
    }

    /// <summary>Number of guests.</summary>
    public readonly int GuestCount => _guestCount;

    /// <summary>The guest that input goes to.</summary>
    public readonly int Focus => _focus;

    /// <summary>Lets input go to another guest from now on.</summary>
    /// <param name="host">Access to the UART.</param>
    /// <param name="guest">Its number; one that is not there changes nothing.</param>
    public void SetFocus(ref THost host, int guest)
    {
        _lock.Acquire();
        if ((uint)guest < (uint)_guestCount)
        {
            _focus = guest;
            Resume(ref host);
        }

        _lock.Release();
    }

    /// <summary>A guest's side of the console.</summary>
    // SAFETY: the memory given at the start holds that many.
    public readonly GuestConsole* Guest(int guest) => (uint)guest < (uint)_guestCount ? _guests + guest : null;

    /// <summary>Turns input on. The UART's interrupt must be routed at the host's PLIC.</summary>
    public void EnableInput(ref THost host)
        => _uart.EnableReceiveInterrupt(ref host, true);

    /// <summary>Takes a byte of a guest's output.</summary>
    public void Output(ref THost host, int guest, byte value)
    {
        _lock.Acquire();
        if (_guestCount <= 1)
        {
            _lineOpen = value != (byte)'\n';
            _uart.Write(ref host, value);
        }
        else if ((uint)guest < (uint)_guestCount)
        {
            // SAFETY: the index was checked; the line buffer is never fuller than its capacity.
            var console = _guests + guest;
            console->Line[console->LineLength++] = value;
            if (value == (byte)'\n')
            {
                Show(ref host, guest);
            }
            else if (console->LineLength == GuestConsole.LineCapacity)
            {
                Show(ref host, guest);
                console->LineLength = 0;
                console->LineShown = 0;
            }
        }

        _lock.Release();
    }

    /// <summary>Shows what a guest has printed of its line: it waits for input, or goes to sleep.</summary>
    public void Flush(ref THost host, int guest)
    {
        // Read without the lock: only the guest's own output changes it.
        if (_guestCount <= 1 || (uint)guest >= (uint)_guestCount || _guests[guest].LineLength == _guests[guest].LineShown)
        {
            return;
        }

        _lock.Acquire();
        Show(ref host, guest);
        _lock.Release();
    }

    /// <summary>Serves the UART's interrupt: moves what was received to the guest that has the focus.</summary>
    /// <returns>The guest that has new input, or -1.</returns>
    public int ServiceInput(ref THost host)
    {
        _lock.Acquire();
        var guest = Drain(ref host);
        _lock.Release();
        return guest;
    }

    /// <summary>Takes a byte of a guest's input, its line status in bits 15 to 8; -1 where none waits.</summary>
    public int TakeInput(ref THost host, int guest)
    {
        if ((uint)guest >= (uint)_guestCount || _guests[guest].InputCount == 0)
        {
            return -1;
        }

        _lock.Acquire();
        var value = _guests[guest].TakeInput();
        if (_throttled && guest == _focus && _guests[guest].InputCount <= GuestConsole.InputCapacity / 2)
        {
            _throttled = false;
            Drain(ref host);
            if (!_throttled)
            {
                _uart.EnableReceiveInterrupt(ref host, true);
            }
        }

        _lock.Release();
        return value;
    }

    /// <summary>Forgets a guest's waiting input and shows what is left of its line: it starts again or is gone.</summary>
    public void ResetGuest(ref THost host, int guest)
    {
        if ((uint)guest < (uint)_guestCount)
        {
            Flush(ref host, guest);
            _lock.Acquire();
            CloseLine(ref host);
            _guests[guest].Clear();
            if (guest == _focus)
            {
                Resume(ref host);
            }

            _lock.Release();
        }
    }

    /// <summary>Starts a line of the hypervisor's own, <c>rvirt: </c>, and keeps the console until <see cref="EndMessage"/>.</summary>
    /// <param name="console">The console; its state must stay in place while the writer is used.</param>
    /// <param name="host">Access to the UART.</param>
    public static ConsoleWriter<THost, UartSink<THost>> BeginMessage(ConsoleMultiplexer<THost>* console, ref THost host)
    {
        console->_lock.Acquire();
        return console->StartMessage(ref host, new UartSink<THost>(&console->_uart));
    }

    /// <summary>Starts a last message: takes the console even where the hart that holds it never gives it back.</summary>
    /// <param name="console">The console; its state must stay in place while the writer is used.</param>
    /// <param name="host">Access to the UART.</param>
    public static ConsoleWriter<THost, UartSink<THost>> BeginPanic(ConsoleMultiplexer<THost>* console, ref THost host)
    {
        for (var looks = PanicPatience; looks > 0 && !console->_lock.TryAcquire(); looks--)
        {
        }

        return console->StartMessage(ref host, new UartSink<THost>(&console->_uart));
    }

    /// <summary>Ends the line and gives the console back.</summary>
    public void EndMessage(ref THost host)
    {
        _uart.Write(ref host, (byte)'\r');
        _uart.Write(ref host, (byte)'\n');
        _lock.Release();
    }

    private void Prefix(ref THost host, int guest)
    {
        _uart.Write(ref host, (byte)'[');
        for (var i = 0; i < _guests[guest].NameLength; i++)
        {
            _uart.Write(ref host, _guests[guest].NameByte(i));
        }

        _uart.Write(ref host, (byte)']');
        _uart.Write(ref host, (byte)' ');
    }

    private ConsoleWriter<THost, UartSink<THost>> StartMessage(ref THost host, UartSink<THost> sink)
    {
        CloseLine(ref host);
        return new ConsoleWriter<THost, UartSink<THost>>(ref host, sink).Text("rvirt: "u8);
    }

    private void CloseLine(ref THost host)
    {
        if (_lineOpen)
        {
            _uart.Write(ref host, (byte)'\r');
            _uart.Write(ref host, (byte)'\n');
            _lineOpen = false;
        }

        _openLine = NoGuest;
    }

    // Prints what is new of a guest's line; all of it, with the name, where another line came between.
    private void Show(ref THost host, int guest)
    {
        // SAFETY: callers checked the index against the number of guests.
        var console = _guests + guest;
        if (_openLine != guest)
        {
            CloseLine(ref host);
            Prefix(ref host, guest);
            console->LineShown = 0;
            _openLine = guest;
            _lineOpen = true;
        }

        for (var i = console->LineShown; i < console->LineLength; i++)
        {
            _uart.Write(ref host, console->Line[i]);
        }

        console->LineShown = console->LineLength;
        if (console->LineLength != 0 && console->Line[console->LineLength - 1] == (byte)'\n')
        {
            console->LineLength = 0;
            console->LineShown = 0;
            _openLine = NoGuest;
            _lineOpen = false;
        }
    }

    // Whoever has the focus now has room: what waits in the UART interrupts again.
    private void Resume(ref THost host)
    {
        if (_throttled && _guests[_focus].InputCount < GuestConsole.InputCapacity)
        {
            _throttled = false;
            _uart.EnableReceiveInterrupt(ref host, true);
        }
    }

    private int Drain(ref THost host)
    {
        if (_guestCount == 0)
        {
            // Nobody to give it to: quiet the interrupt.
            _uart.EnableReceiveInterrupt(ref host, false);
            return -1;
        }

        var console = _guests + _focus;
        var any = false;
        while (console->InputCount < GuestConsole.InputCapacity)
        {
            if (!_uart.TryRead(ref host, out var value, out var errors))
            {
                return any ? _focus : -1;
            }

            console->TryPutInput(value, errors);
            any = true;
        }

        _throttled = true;
        _uart.EnableReceiveInterrupt(ref host, false);
        return any ? _focus : -1;
    }
}
