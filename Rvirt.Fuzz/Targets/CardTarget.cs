using System;
using System.Collections.Generic;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// The driver of an SD card, with a card and a controller that say anything. An input is a byte for how the card ends, the script of what it says before
/// (<see cref="CardWire"/>), and what is asked of the driver: the last <see cref="StepCount"/> steps of four bytes. The driver touches registers and memory that are its own or a
/// request's; it looks at no register and waits for nothing without end; each request is over once, in the order given; what is read came over the wire with its sum; what is
/// written was accepted.
/// </summary>
internal sealed class CardTarget : IFuzzTarget
{
    /// <summary>Steps of an input.</summary>
    public const int StepCount = 24;

    /// <summary>Bytes of a step.</summary>
    public const int StepBytes = 4;

    private static ReadOnlySpan<byte> Ends => [0xff, 0x00, 0xe5, 0x05];

    public string Name => "card";

    public int MaximumLength => 1 + 1024 + (StepCount * StepBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [3, 0xff, 0, 0], [3, 0xff, 0, 1], [3, 0xff, 0, 5], [3, 0xff, 0x40, 0, 0xc0, 0xff, 0x80, 0], [3, 0xff, 0, 0, 0xff, 0xfe, 5, 7, 6], [0xff, 0xfe, 5, 9, 6], [0xff, 0xfe, 5, 9, 0x36], [4, 0, 0xe5, 0x21, 0], [4, 0, 0xed], [4, 0, 0xeb],
        [3, 0xff, 0, 0, 4, 0, 0xe5, 0x21, 0], [7 + 0xf0], [7 + 0xe0], [9, 0xff], [10 + 0x50], [2, 0xff], [0, 8], [1, 0, 1, 0], [2, 0, 1, 0], [0xf9, 0, 9, 0], [7, 0, 0, 0],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var steps = input[Math.Max(1, input.Length - (StepCount * StepBytes))..];
        var script = input[1..^steps.Length].ToArray();
        using var owner = new CardOwner(new CardWire(script, Math.Min(input[0] / Ends.Length, script.Length), Ends[input[0] % Ends.Length]));
        owner.Start();
        for (; steps.Length >= StepBytes; steps = steps[StepBytes..])
        {
            Step(owner, steps[..StepBytes]);
        }

        owner.Finish();
    }

    private static void Step(CardOwner owner, ReadOnlySpan<byte> step)
    {
        var amount = (step[0] >> 3) + 1;
        switch (step[0] % 8)
        {
            case 0:
                for (; amount > 0; amount--)
                {
                    owner.Serve(step[1] * 1000UL);
                }

                break;
            case 1 or 2:
                // Low numbers from the first sector on, high ones from the last.
                for (var request = step[1]; amount > 0; amount--, request++)
                {
                    owner.Submit(request % CardOwner.Requests, step[0] % 8 == 1 ? CardOwner.Read : CardOwner.Write, step[3], step[2] % (CardOwner.MostSectors + 1u));
                }

                break;
            case 3:
                // A flush, one with data, and kinds that there are not.
                owner.Submit(step[1] % CardOwner.Requests, (step[2] % 4) switch { 0 or 1 => CardOwner.Flush, 2 => 2, _ => uint.MaxValue }, step[3], step[2] % 2u);
                break;
            case 4:
                for (; amount > 0 && owner.TryTake(); amount--)
                {
                }

                break;
            case 5:
                owner.Serve(step[1] * 100_000UL);
                break;
            case 6:
                owner.Start();
                break;
            default:
                owner.ServeUntilOver(64, 1000UL * step[1]);
                break;
        }
    }
}
