using Rvirt.Core.DeviceTree;
using Rvirt.Devices.Uart;

namespace Rvirt.Devices.Bus;

/// <content>The UART, and the console behind it that SBI calls reach too.</content>
// SAFETY: the console stays as long as the guest exists (Initialize); a guest's side of it is asked for, and null where there is none.
public unsafe partial struct GuestBus<THost>
{
    /// <inheritdoc/>
    public void ConsoleWrite(ref THost host, byte value) => _console->Output(ref host, _guest, value);

    /// <inheritdoc/>
    public int ConsoleRead(ref THost host)
    {
        _lock.Acquire();
        var signals = _plic.Signals;
        _console->Flush(ref host, _guest);
        var value = _uart.TakeReceived();
        if (value < 0)
        {
            value = _console->TakeInput(_guest);
            // These calls know no errors: a break is the zero it came as.
            value = value < 0 ? value : value & 0xff;
        }

        UpdateUart(ref host);
        Tell(ref host, signals, elsewhere: false);
        _lock.Release();
        return value;
    }

    /// <inheritdoc/>
    public void Idle(ref THost host) => _console->Flush(ref host, _guest);

    /// <summary>Input for the guest waits at the console.</summary>
    /// <param name="host">The hart that claimed the interrupt.</param>
    /// <param name="elsewhere">Whether the guest's virtual hart is not the one that runs on this hart.</param>
    public void ServiceInput(ref THost host, bool elsewhere)
    {
        _lock.Acquire();
        if (!_held)
        {
            var signals = _plic.Signals;
            UpdateUart(ref host);
            Tell(ref host, signals, elsewhere);
        }

        _lock.Release();
    }

    private byte ReadUart(ref THost host, uint register)
    {
        var value = _uart.Read(register);
        if (register == Uart16550.LineStatus && _uart.BeganToWait())
        {
            _console->Flush(ref host, _guest);
        }

        if (register == 0 || _uart.InterruptLine != _plic.Level(UartSource))
        {
            UpdateUart(ref host);
        }

        return value;
    }

    private void WriteUart(ref THost host, uint register, byte value)
    {
        if (_uart.Write(register, value))
        {
            _console->Output(ref host, _guest, value);
        }

        UpdateUart(ref host);
    }

    // Fills the receive FIFO from the console and drives the interrupt line.
    private void UpdateUart(ref THost host)
    {
        var side = _console->Guest(_guest);
        if (side != null && side->InputCount != 0)
        {
            while (_uart.CanReceive)
            {
                var value = _console->TakeInput(_guest);
                if (value < 0)
                {
                    break;
                }

                _uart.Receive((byte)value, (byte)(value >> 8));
            }
        }

        SetUartLine();
    }

    private readonly uint UartSource => _devices.Board[GuestDeviceKind.Uart].Interrupt;

    private void SetUartLine() => _plic.SetLevel(UartSource, _uart.InterruptLine);
}
