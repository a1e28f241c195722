using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;

namespace Rvirt.Devices.Console;

/// <content>Input: the escape and its keys, and who gets the rest.</content>
// SAFETY: numbers of sources are those of Initialize: a guest's, which was checked, or the monitor's.
public unsafe partial struct ConsoleMultiplexer<THost>
    where THost : struct, IMmio
{
    // A line that never falls silent is served in turns with everything else: what waits interrupts again.
    private const int InputPerTurn = 256;

    /// <summary>The guest that input goes to, unless the monitor gets it.</summary>
    internal readonly int Focus => _focus;

    /// <summary>The key that speaks to the console (<see cref="ConsoleEscape"/>).</summary>
    public readonly int Escape => _escape;

    /// <summary>Chooses another key that speaks to the console.</summary>
    public void SetEscape(int escape)
    {
        _lock.Acquire();
        _escape = escape;
        _escaped = false;
        _lock.Release();
    }

    /// <summary>There is a monitor: it can have the focus from now on, and takes its input (<see cref="TakeMonitorInput"/>) when <see cref="Serve"/> says so.</summary>
    public void AttachMonitor()
    {
        _lock.Acquire();
        _monitorThere = true;
        _lock.Release();
    }

    /// <summary>Shows a guest, and lets input go to it, as the keys do; where a script asked for it, once that has gone.</summary>
    /// <param name="host">Access to the UART.</param>
    /// <param name="guest">Its number; one that is not there changes nothing.</param>
    public void SetFocus(ref THost host, int guest)
    {
        _lock.Acquire();
        if ((uint)guest < (uint)_guestCount)
        {
            if (_aside)
            {
                _focus = guest;
                _viewAside = guest;
                _monitorAside = false;
            }
            else
            {
                ShowGuest(guest);
            }

            ShowSoon(ref host);
        }

        _lock.Release();
    }

    /// <summary>Shows the lines of all guests, as the key does.</summary>
    public void SetAll(ref THost host)
    {
        _lock.Acquire();
        ShowAll();
        ShowSoon(ref host);
        _lock.Release();
    }

    /// <summary>A guest has ended: the input that it would get goes to another one. What is shown changes only where that guest alone was.</summary>
    /// <param name="host">Access to the UART.</param>
    /// <param name="from">The guest that has ended.</param>
    /// <param name="to">The other.</param>
    /// <returns>Whether it had the focus.</returns>
    public bool PassFocus(ref THost host, int from, int to)
    {
        _lock.Acquire();
        var had = _focus == from && (uint)to < (uint)_guestCount;
        if (had)
        {
            _focus = to;
            _viewBefore = _viewBefore == from ? to : _viewBefore;
            _viewAside = _viewAside == from ? to : _viewAside;
            if (_view == from)
            {
                _view = to;
                _notice = ConsoleNotice.Shows;
                ShowSoon(ref host);
            }
        }

        _lock.Release();
        return had;
    }

    /// <summary>Serves the UART's interrupt: takes what was received, and sends what waits.</summary>
    /// <returns>Who has new input.</returns>
    [ColdPath]
    public ConsoleInput Serve(ref THost host)
    {
        _lock.Acquire();
        var guests = 0UL;
        var monitor = false;
        for (var left = InputPerTurn; left != 0 && _uart.TryRead(ref host, out var value, out var errors); left--)
        {
            if (errors == 0 && IsKey(value))
            {
                continue;
            }

            var target = MonitorHasFocus ? Monitor : _focus;
            if (target >= _guestCount + (_monitorThere ? 1 : 0))
            {
                continue;
            }

            if (_sources[target].TryPutInput(value, errors))
            {
                monitor |= target == Monitor;
                guests |= target == Monitor ? 0 : 1UL << target;
                continue;
            }

            _sources[target].LostInput++;
            _ring |= !_sources[target].Rang;
            _sources[target].Rang = true;
        }

        Show(ref host);
        _lock.Release();
        return new ConsoleInput(guests, monitor);
    }

    /// <summary>Takes a byte of a guest's input, its line status in bits 15 to 8; -1 where none waits.</summary>
    internal int TakeInput(int guest) => (uint)guest < (uint)_guestCount ? Take(guest) : -1;

    /// <summary>Takes a byte that was typed for the monitor; -1 where none waits.</summary>
    public int TakeMonitorInput()
    {
        var value = Take(Monitor);
        return value < 0 ? value : value & 0xff;
    }

    private int Take(int source)
    {
        if (_sources[source].InputCount == 0)
        {
            return -1;
        }

        _lock.Acquire();
        var value = _sources[source].TakeInput();
        _lock.Release();
        return value;
    }

    // Whether a byte is the console's: the escape, or the key behind it. Twice is once for who has the focus.
    private bool IsKey(byte value)
    {
        if (!_escaped)
        {
            _escaped = value == _escape;
            return _escaped;
        }

        _escaped = false;
        if (value == _escape)
        {
            return false;
        }

        switch (value)
        {
            case >= (byte)'0' and <= (byte)'9' when value - '0' < _guestCount:
                ShowGuest(value - '0');
                break;
            case >= (byte)'0' and <= (byte)'9':
                _notice = ConsoleNotice.NoGuest;
                break;
            case (byte)'n':
                ShowGuest((_focus + 1) % _guestCount);
                break;
            case (byte)'p':
                ShowGuest((_focus + _guestCount - 1) % _guestCount);
                break;
            case (byte)'a':
                ShowAll();
                break;
            case (byte)'m' when MonitorHasFocus:
                Return(_viewBefore, toMonitor: false);
                break;
            case (byte)'m' when _monitorThere:
                ShowMonitor();
                break;
            case (byte)'M' when _monitorThere:
                if (!_aside)
                {
                    _viewAside = _view;
                    _monitorAside = MonitorHasFocus;
                }

                ShowMonitor();
                _aside = true;
                break;
            case (byte)'B' when _aside:
                Return(_viewAside, _monitorAside);
                break;
            case (byte)'m' or (byte)'M':
                _notice = ConsoleNotice.NoMonitor;
                break;
            default:
                _notice = value == (byte)'?' ? ConsoleNotice.Help : ConsoleNotice.Unknown;
                break;
        }

        return true;
    }

    private void ShowMonitor()
    {
        _viewBefore = MonitorHasFocus ? _viewBefore : _view;
        MonitorHasFocus = true;
        _view = Monitor;
        _aside = false;
        _notice = ConsoleNotice.Shows;
    }

    private void Return(int view, bool toMonitor)
    {
        MonitorHasFocus = toMonitor;
        _view = view;
        _aside = false;
        _notice = view == ViewAll ? ConsoleNotice.ShowsAll : ConsoleNotice.Shows;
    }

    private void ShowGuest(int guest)
    {
        _aside = false;
        MonitorHasFocus = false;
        _focus = guest;
        _view = guest;
        _notice = ConsoleNotice.Shows;
    }

    private void ShowAll()
    {
        _aside = false;
        MonitorHasFocus = false;
        _view = ViewAll;
        _notice = ConsoleNotice.ShowsAll;
    }
}
