using Rvirt.Core.Host;
using Rvirt.Devices.HostDrivers;

namespace Rvirt.Devices.Console;

/// <summary>Shares the host's UART between the guests, the monitor and the hypervisor's messages.</summary>
/// <remarks>
/// <para>Everyone prints into a ring of their own (<see cref="GuestConsole"/>), whose oldest bytes are lost where the terminal is slower; that is
/// counted, and shown. What is shown of the rings is put together in the order in which it goes out (<c>ConsoleMultiplexer.Show.cs</c>): one
/// guest's bytes as they are, or lines of all guests, each with <c>[name] </c> in front; the hypervisor's own lines start with <c>rvirt: </c>.</para>
/// <para>Nobody waits for the UART. Where it has room it is given what is to be shown at once; the rest goes out by its interrupt, which one hart
/// serves, the one that booted (<see cref="Serve"/>). While such an interrupt is awaited, printing only fills rings. Only before interrupts
/// are on (<see cref="EnableInterrupts"/>), at the end of the machine and in a panic the UART is polled.</para>
/// <para>Input is always taken from the UART, and the escape is cut out before anybody's buffer, so that it gets through to a guest that hangs.
/// The rest goes to the guest that has the focus, or the monitor (<c>ConsoleMultiplexer.Input.cs</c>).</para>
/// <para>The lock is innermost: no other lock is taken while it is held, and it is held for a bounded time.</para>
/// </remarks>
public unsafe partial struct ConsoleMultiplexer<THost>
    where THost : struct, IMmio
{
    private const int Nobody = -1;
    private const int PanicPatience = 1 << 20;
    private const int MonitorInputCapacity = 0x1000;

    // Beside the guests there are the monitor and the hypervisor's messages.
    private const int OtherSources = 2;

    private TicketLock _lock;
    private HostUartDriver<THost> _uart;
    private GuestConsole* _sources;
    private int _guestCount;
    private bool _monitorThere;

    // The monitor is amid what it says at a time, which no message may cut.
    private bool _monitorSpeaks;
    private bool _byInterrupt;
    private bool _transmitting;

    private int _escape;
    private bool _escaped;
    private int _focus;

    // What goes out next, from _stagedFrom on.
    private fixed byte _staged[StagedCapacity];
    private int _stagedFrom;
    private int _stagedTo;

    // The guest that is shown as it is, the monitor, or ViewAll.
    private int _view;

    // What was shown before the monitor, and before a script asked it.
    private int _viewBefore;
    private int _viewAside;
    private bool _monitorAside;
    private bool _aside;

    // The guest that was last in turn to show a line.
    private int _turn;

    // Whose line is being shown, where it must not be cut.
    private int _current;

    // Whose unfinished line the terminal is in.
    private int _openLine;
    private bool _lineOpen;

    private ConsoleNotice _notice;
    private bool _ring;

    /// <summary>Bytes of memory that <see cref="Initialize"/> wants.</summary>
    public static nuint BytesNeeded(int guests) =>
        ((nuint)(guests + OtherSources) * (nuint)(sizeof(GuestConsole) + GuestConsole.OutputCapacity))
        + ((nuint)guests * GuestConsole.InputCapacity * sizeof(ushort)) + (MonitorInputCapacity * sizeof(ushort));

    /// <summary>Sets the console up. It polls, and takes no input, until <see cref="EnableInterrupts"/>.</summary>
    /// <param name="uart">The host's UART, initialized.</param>
    /// <param name="memory">Zeroed memory of <see cref="BytesNeeded"/> bytes, aligned to 16.</param>
    /// <param name="guests">Number of guests that have a console.</param>
    /// <param name="escape">The key that speaks to the console (<see cref="ConsoleEscape"/>).</param>
    public void Initialize(in HostUartDriver<THost> uart, void* memory, int guests, int escape = ConsoleEscape.Default)
    {
        this = default;
        _uart = uart;
        _escape = escape;
        _openLine = Nobody;
        _current = Nobody;
        _view = guests == 1 ? 0 : ViewAll;
        _guestCount = guests;
        // SAFETY: here and below: the memory holds the sources, their input and their output, in this order, for good.
        _sources = (GuestConsole*)memory;
        var input = (ushort*)(_sources + guests + OtherSources);
        var output = (byte*)(input + ((nuint)guests * GuestConsole.InputCapacity) + MonitorInputCapacity);
        for (var i = 0; i < guests; i++)
        {
            _sources[i].Place(output, input, GuestConsole.InputCapacity);
            input += GuestConsole.InputCapacity;
            output += GuestConsole.OutputCapacity;
        }

        _sources[guests].Place(output, input, MonitorInputCapacity);
        _sources[guests].SetName("monitor"u8);
        _sources[guests].KeepsWholeLines = true;
        _sources[guests + 1].Place(output + GuestConsole.OutputCapacity, null, 0);
    }

    /// <summary>Whether input goes to the monitor.</summary>
    internal bool MonitorHasFocus { get; private set; }

    private readonly int Monitor => _guestCount;

    private readonly int Messages => _guestCount + 1;

    /// <summary>A guest's side of the console.</summary>
    // SAFETY: the memory given at the start holds that many.
    public readonly GuestConsole* Guest(int guest) => (uint)guest < (uint)_guestCount ? _sources + guest : null;

    /// <summary>Stops polling: from now on output goes out by interrupt where it has to wait, and input comes in. The UART's interrupt must be routed at the host's PLIC.</summary>
    public void EnableInterrupts(ref THost host)
    {
        _lock.Acquire();
        _byInterrupt = true;
        _uart.EnableInterrupts(ref host, receive: true, transmit: false);
        _lock.Release();
    }

    /// <summary>Takes a byte of a guest's output.</summary>
    internal void Output(ref THost host, int guest, byte value)
    {
        if ((uint)guest < (uint)_guestCount)
        {
            Put(ref host, guest, value);
        }
    }

    /// <summary>Takes a byte of the monitor's output.</summary>
    internal void MonitorOutput(ref THost host, byte value) =>
        Put(ref host, Monitor, value);

    /// <summary>The monitor begins to speak: until <see cref="EndMonitor"/> messages of the hypervisor wait, so that none comes into a line that scripts wait for.</summary>
    public void BeginMonitor()
    {
        _lock.Acquire();
        _monitorSpeaks = true;
        _lock.Release();
    }

    /// <summary>It has said what it had to: messages follow.</summary>
    public void EndMonitor(ref THost host)
    {
        _lock.Acquire();
        _monitorSpeaks = false;
        if (_sources[Messages].Unshown != 0)
        {
            _sources[Monitor].MessageFollows();
            ShowSoon(ref host);
        }

        _lock.Release();
    }

    /// <summary>Shows what a guest has printed of its line: it waits for input, or goes to sleep.</summary>
    internal void Flush(ref THost host, int guest)
    {
        // Read without the lock: only the guest's own output changes it.
        if ((uint)guest >= (uint)_guestCount || _sources[guest].IsFlushed)
        {
            return;
        }

        _lock.Acquire();
        _sources[guest].Flush();
        ShowSoon(ref host);

        _lock.Release();
    }

    /// <summary>Forgets a guest's waiting input and shows what is left of its line: it starts again or is gone.</summary>
    internal void ResetGuest(ref THost host, int guest)
    {
        if ((uint)guest >= (uint)_guestCount)
        {
            return;
        }

        _lock.Acquire();
        ref var source = ref _sources[guest];
        source.ForgetInput();
        if (source.Unshown == 0 && _openLine != guest)
        {
            // Another line has ended it.
            source.BeginLine();
        }
        else if (!source.EndsLine)
        {
            source.Put((byte)'\r');
            source.Put((byte)'\n');
        }

        ShowSoon(ref host);
        _lock.Release();
    }

    /// <summary>Starts a line of the hypervisor's own, <c>rvirt: </c>, and keeps the console until <see cref="EndMessage"/>.</summary>
    /// <param name="console">The console; its state must stay in place while the writer is used.</param>
    /// <param name="host">Access to the UART.</param>
    public static ConsoleWriter<THost, MessageSink<THost>> BeginMessage(ConsoleMultiplexer<THost>* console, ref THost host)
    {
        console->_lock.Acquire();
        for (var i = 0; i <= console->Monitor; i++)
        {
            console->_sources[i].MessageFollows();
        }

        return new ConsoleWriter<THost, MessageSink<THost>>(ref host, new MessageSink<THost>(console)).Text("rvirt: "u8);
    }

    /// <summary>Ends the line and gives the console back.</summary>
    public void EndMessage(ref THost host)
    {
        PutMessage((byte)'\r');
        PutMessage((byte)'\n');
        ShowSoon(ref host);
        _lock.Release();
    }

    /// <summary>Whether there is room for much of the monitor's output before its oldest is lost: half of its ring. Where there is not, <see cref="Serve"/> is called as it is shown.</summary>
    public readonly bool HasRoomForMonitor => _sources[Monitor].Unshown <= GuestConsole.OutputCapacity / 2;

    /// <summary>What the monitor prints with. The console is free between two bytes, so that what it asks for can print messages.</summary>
    /// <param name="console">The console; its state must stay in place while the writer is used.</param>
    /// <param name="host">Access to the UART.</param>
    public static ConsoleWriter<THost, MonitorSink<THost>> MonitorWriter(ConsoleMultiplexer<THost>* console, ref THost host) =>
        new(ref host, new MonitorSink<THost>(console));

    /// <summary>Sends everything that is to be shown, polling: the machine ends. It takes the console even where the hart that holds it never gives it back.</summary>
    public void Finish(ref THost host)
    {
        var looks = PanicPatience;
        while (looks != 0 && !_lock.TryAcquire())
        {
            looks--;
        }

        var byInterrupt = _byInterrupt;
        _byInterrupt = false;
        _monitorSpeaks = false;
        for (var i = 0; i < _guestCount; i++)
        {
            _sources[i].Flush();
        }

        Show(ref host);
        _byInterrupt = byInterrupt;
        if (looks != 0)
        {
            _lock.Release();
        }
    }

    internal void PutMessage(byte value) => _sources[Messages].Put(value);

    private void Put(ref THost host, int number, byte value)
    {
        _lock.Acquire();
        // SAFETY: callers name a guest that is there, or the monitor.
        ref var source = ref _sources[number];
        source.Put(value);
        if (!_transmitting && IsShown(number))
        {
            // Nothing else waits to be shown, or an interrupt would be awaited.
            if (_byInterrupt && _openLine == number && _view == number && _uart.TryWrite(ref host, value))
            {
                source.Show();
                _lineOpen = value != (byte)'\n';
            }
            else
            {
                Show(ref host);
            }
        }

        _lock.Release();
    }
}
