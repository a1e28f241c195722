using System.Collections.Generic;
using System.Text;
using Rvirt.Reference.Harts;

namespace Rvirt.Reference.Devices;

/// <summary>A 16550A UART: output is captured, input is scripted.</summary>
/// <param name="plic">Who takes its interrupt.</param>
/// <param name="source">Its interrupt at the PLIC.</param>
public sealed class Uart16550(Plic plic, int source) : IDevice
{
    private const byte LineDivisorLatch = 0x80;

    private readonly StringBuilder _output = new();
    private readonly Queue<byte> _input = new();
    private readonly Queue<(string Prompt, string Reply)> _script = new();
    private byte _interruptEnable, _fifoControl, _lineControl, _modemControl, _scratch, _divisorLow, _divisorHigh;
    private bool _transmitInterrupt;
    private int _scriptFrom;

    /// <summary>Everything written so far, bytes as Latin-1.</summary>
    public string Output => _output.ToString();

    /// <summary>How many characters were written.</summary>
    public int OutputLength => _output.Length;

    /// <summary>Makes input available.</summary>
    /// <param name="text">Its characters, of which the lowest byte counts.</param>
    public void Type(string text)
    {
        foreach (var c in text)
        {
            _input.Enqueue((byte)c);
        }

        Update();
    }

    /// <summary>Types a reply once a prompt has appeared after the previous one's.</summary>
    /// <param name="prompt">What output is to end with.</param>
    /// <param name="reply">What is typed then.</param>
    public void Expect(string prompt, string reply) => _script.Enqueue((prompt, reply));

    /// <summary>Takes a byte of input, or -1.</summary>
    public int TakeInput() => _input.TryDequeue(out var value) ? value : -1;

    /// <summary>Writes a byte as the transmitter does.</summary>
    /// <param name="value">The byte.</param>
    public void Write(byte value)
    {
        _output.Append((char)value);
        if (_script.Count > 0 && Ends(_script.Peek().Prompt))
        {
            _scriptFrom = _output.Length;
            Type(_script.Dequeue().Reply);
        }
    }

    /// <inheritdoc/>
    public bool TryRead(Hart? hart, ulong offset, int size, out ulong value)
    {
        value = 0;
        if (size != 1)
        {
            return false;
        }

        switch (offset)
        {
            case 0 when (_lineControl & LineDivisorLatch) != 0: value = _divisorLow; break;
            case 0:
                value = _input.TryDequeue(out var received) ? received : 0u;
                Update();
                break;
            case 1: value = (_lineControl & LineDivisorLatch) != 0 ? _divisorHigh : _interruptEnable; break;
            case 2:
                value = Identification();
                if ((value & 15) == 2)
                {
                    _transmitInterrupt = false;
                    Update();
                }

                break;
            case 3: value = _lineControl; break;
            case 4: value = _modemControl; break;
            case 5: value = 0x60u | (_input.Count > 0 ? 1u : 0); break;
            case 6: value = 0xb0; break;
            case 7: value = _scratch; break;
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(Hart? hart, ulong offset, int size, ulong value)
    {
        if (size != 1)
        {
            return false;
        }

        var data = (byte)value;
        switch (offset)
        {
            case 0 when (_lineControl & LineDivisorLatch) != 0: _divisorLow = data; break;
            case 0:
                Write(data);
                _transmitInterrupt = true;
                break;
            case 1 when (_lineControl & LineDivisorLatch) != 0: _divisorHigh = data; break;
            case 1:
                // Enabling the transmitter interrupt while the transmitter is empty raises it.
                _transmitInterrupt |= (data & 2) != 0 && (_interruptEnable & 2) == 0;
                _interruptEnable = (byte)(data & 15);
                break;
            case 2:
                _fifoControl = data;
                if ((data & 2) != 0)
                {
                    _input.Clear();
                }

                break;
            case 3: _lineControl = data; break;
            case 4: _modemControl = data; break;
            case 7: _scratch = data; break;
        }

        Update();
        return true;
    }

    private byte Identification()
    {
        var fifo = (_fifoControl & 1) != 0 ? 0xc0 : 0;
        var reason = (_interruptEnable & 1) != 0 && _input.Count > 0 ? 4 : (_interruptEnable & 2) != 0 && _transmitInterrupt ? 2 : 1;
        return (byte)(fifo | reason);
    }

    private void Update() => plic.SetLine(source, (Identification() & 1) == 0);

    private bool Ends(string prompt)
    {
        if (_output.Length - _scriptFrom < prompt.Length)
        {
            return false;
        }

        for (var i = 0; i < prompt.Length; i++)
        {
            if (_output[_output.Length - prompt.Length + i] != prompt[i])
            {
                return false;
            }
        }

        return true;
    }
}
