using System;
using Rvirt.Core.Freestanding;
using Rvirt.Core.Host;

namespace Rvirt.Devices.Console;

/// <content>What goes out, and in what order.</content>
// SAFETY: numbers of sources are those of Initialize: a guest's, which was checked, the monitor's, or the messages'.
public unsafe partial struct ConsoleMultiplexer<THost>
    where THost : struct, IMmio
{
    private const int ViewAll = -1;

    // As much as the longest notice: help, with the names of all guests.
    private const int StagedCapacity = 2048;

    // A step stops while a label, a count of lost lines and the end of a line still fit.
    private const int StagedReserve = 128;

    // Bytes sent in one go: a FIFO that is never full must not keep its hart.
    private const int BytesPerTurn = 512;

    private readonly bool IsShown(int source) => _view == source || (_view == ViewAll && source < _guestCount && _sources[source].HasLine);

    // While the UART's interrupt is awaited, that goes on with what waits.
    private void ShowSoon(ref THost host)
    {
        if (!_transmitting)
        {
            Show(ref host);
        }
    }

    // Gives the UART what it takes now; the rest follows by its interrupt.
    private void Show(ref THost host)
    {
        if (!_byInterrupt)
        {
            while (TryNext(out var next))
            {
                _uart.Write(ref host, next);
            }

            Transmit(ref host, false);
            return;
        }

        for (var left = BytesPerTurn; TryPeek(out var next); left--)
        {
            if (left == 0 || !_uart.TryWrite(ref host, next))
            {
                Transmit(ref host, true);
                return;
            }

            _stagedFrom++;
        }

        Transmit(ref host, false);
    }

    private void Transmit(ref THost host, bool on)
    {
        if (_transmitting != on)
        {
            _transmitting = on;
            _uart.EnableInterrupts(ref host, receive: true, transmit: on);
        }
    }

    private bool TryNext(out byte value)
    {
        var any = TryPeek(out value);
        _stagedFrom += any ? 1 : 0;
        return any;
    }

    private bool TryPeek(out byte value)
    {
        while (_stagedFrom == _stagedTo)
        {
            _stagedFrom = 0;
            _stagedTo = 0;
            if (!Compose())
            {
                value = 0;
                return false;
            }
        }

        // SAFETY: below what was staged, which Stage keeps inside.
        value = _staged[_stagedFrom];
        return true;
    }

    // Stages the next piece of what is to be shown. It may be empty; false where there is none.
    [ColdPath]
    private bool Compose()
    {
        if (_notice != ConsoleNotice.None)
        {
            Close();
            Say();
            return true;
        }

        if (_ring)
        {
            _ring = false;
            Stage((byte)'\a');
            return true;
        }

        if (_current != Nobody)
        {
            ComposeLine(_current);
            return true;
        }

        if (_sources[Messages].Unshown != 0 && !MessageMustWait())
        {
            ComposeLine(Messages);
            return true;
        }

        if (_view != ViewAll)
        {
            return ComposeRaw(_view);
        }

        for (var i = 0; i < _guestCount; i++)
        {
            // In turns: a guest that prints without end delays others by a line at most.
            _turn = (_turn + 1) % _guestCount;
            if (_sources[_turn].HasLine)
            {
                ComposeLine(_turn);
                return true;
            }
        }

        return false;
    }

    private readonly bool MessageMustWait()
    {
        if (_view != ViewAll)
        {
            return _sources[_view].HoldsMessage || (_monitorSpeaks && _view == Monitor);
        }

        for (var i = 0; i < _guestCount; i++)
        {
            if (_sources[i].HasLine && _sources[i].HoldsMessage)
            {
                return true;
            }
        }

        return false;
    }

    // A piece of a line, behind its label. Where another line came between, the begun line is shown again from its start.
    private void ComposeLine(int number)
    {
        ref var source = ref _sources[number];
        if (_openLine != number)
        {
            Close();
            if (number != Messages)
            {
                source.Rewind();
                Label(number);
            }

            _openLine = number;
            _lineOpen = true;
        }

        TellLoss(number, " "u8);
        _current = number;
        while (_stagedTo < StagedCapacity - StagedReserve)
        {
            if (number == Messages ? source.Unshown == 0 : !source.HasLine)
            {
                _current = Nobody;
                return;
            }

            var value = source.Show();
            if (source.Returned && value is not ((byte)'\r' or (byte)'\n') && number != Messages)
            {
                Label(number);
            }

            source.Returned = value == (byte)'\r';
            Stage(value);
            if (value == (byte)'\n')
            {
                _current = Nobody;
                _openLine = Nobody;
                _lineOpen = false;
                if (number == Messages && _view == Monitor)
                {
                    // The prompt, and what is being typed behind it, follow what came between.
                    _sources[Monitor].Rewind();
                }

                return;
            }

            if (source.AtPiece && number != Messages)
            {
                _current = Nobody;
                return;
            }
        }
    }

    // Bytes as they are.
    private bool ComposeRaw(int number)
    {
        ref var source = ref _sources[number];
        if (source.Unshown == 0)
        {
            return false;
        }

        if (_openLine != number || source.UntoldBytes != 0)
        {
            Close();
            _openLine = number;
            TellLoss(number, "\r\n"u8);
        }

        while (source.Unshown != 0 && _stagedTo < StagedCapacity - StagedReserve)
        {
            var value = source.Show();
            _lineOpen = value != (byte)'\n';
            Stage(value);
        }

        return true;
    }

    // What a full ring has lost of a source is said where it is missing.
    private void TellLoss(int number, ReadOnlySpan<byte> end)
    {
        if (_sources[number].UntoldBytes != 0)
        {
            SayLoss(number, end);
        }
    }

    [ColdPath]
    private void SayLoss(int number, ReadOnlySpan<byte> end)
    {
        ref var source = ref _sources[number];
        Stage("[lost "u8);
        StageCount(source.UntoldLines != 0 ? source.UntoldLines : source.UntoldBytes);
        Stage(source.UntoldLines != 0 ? " lines]"u8 : " bytes]"u8);
        Stage(end);
        source.Told();
    }

    // Ends the line that the terminal is in.
    private void Close()
    {
        if (_lineOpen)
        {
            Stage("\r\n"u8);
        }

        _lineOpen = false;
        _openLine = Nobody;
        _current = Nobody;
    }

    [ColdPath]
    private void Say()
    {
        var notice = _notice;
        _notice = ConsoleNotice.None;
        Stage("--- "u8);
        switch (notice)
        {
            case ConsoleNotice.Shows:
                ref var source = ref _sources[_view];
                source.Rewind();
                StageName(_view);
                Stage(" (last "u8);
                StageCount(source.Unshown);
                Stage(" bytes, "u8);
                StageCount(source.UntoldBytes);
                Stage(" lost)"u8);
                source.Told();
                break;
            case ConsoleNotice.ShowsAll:
                Stage("all guests; input goes to "u8);
                StageName(_focus);
                break;
            case ConsoleNotice.NoGuest:
                Stage("there is no such guest: the last is "u8);
                StageCount((ulong)_guestCount - 1);
                break;
            case ConsoleNotice.NoMonitor:
                Stage("there is no monitor"u8);
                break;
            default:
                SayKeys(notice == ConsoleNotice.Help);
                break;
        }

        Stage(" ---\r\n"u8);
    }

    private void SayKeys(bool all)
    {
        Stage("keys after "u8);
        StageEscape();
        Stage(": 0-9 n p guest, m monitor, a all, ? help, "u8);
        StageEscape();
        Stage(" itself"u8);
        for (var i = 0; all && i < _guestCount; i++)
        {
            Stage(" ---\r\n---   "u8);
            StageCount((ulong)i);
            Stage(" "u8);
            StageName(i);
            Stage(i == Focus ? ": has the focus"u8 : default);
            if (_sources[i].LostInput != 0)
            {
                Stage(i == Focus ? ", "u8 : ": "u8);
                StageCount(_sources[i].LostInput);
                Stage(" bytes of input lost"u8);
            }
        }
    }

    private void Label(int guest)
    {
        Stage("["u8);
        StageName(guest);
        Stage("] "u8);
    }

    private void StageName(int number)
    {
        for (var i = 0; i < _sources[number].NameLength; i++)
        {
            Stage(_sources[number].NameByte(i));
        }
    }

    private void StageEscape()
    {
        Stage("Ctrl-"u8);
        Stage((byte)(_escape + 0x40));
    }

    private void StageCount(ulong value)
    {
        var digits = new DecimalDigits(value);
        while (digits.TryNext(out var digit))
        {
            Stage(digit);
        }
    }

    private void Stage(ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            Stage(text[i]);
        }
    }

    private void Stage(byte value)
    {
        if (_stagedTo < StagedCapacity)
        {
            // SAFETY: checked just here; what is staged at once is less.
            _staged[_stagedTo++] = value;
        }
    }
}
