using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Rvirt.Fuzz.Engine;

namespace Rvirt.Fuzz.Targets;

/// <summary>
/// The driver of the Cadence GEM, with a card that writes what it likes into descriptors, and has any registers and any PHY. An input is a head, of the card, and steps of eight bytes:
/// what the card does, and what is asked of the driver. The driver touches its own registers and memory, looks at no register without end, gives each buffer out once until it has it
/// back, and stays down when it is; afterwards a sound card serves.
/// </summary>
internal sealed class GemTarget : IFuzzTarget
{
    private const int HeadBytes = 4, StepBytes = 8;

    public string Name => "gem";

    public int MaximumLength => HeadBytes + (48 * StepBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [2, 64, 0xc0, 60, 0, 7, 0, 0], [2, 0, 0xc0, 0xea, 5, 7, 0, 0], [3, 64, 0, 0, 0, 0, 0, 0], [4, 0, 0, 0, 2, 0, 0, 0], [4, 0, 0, 0, 4, 0, 0, 0], [4, 0, 0, 0, 0x10, 0, 0, 0], [4, 0, 0, 0, 0, 8, 0, 0],
        [5, 64, 0, 0, 0, 0, 0, 0], [5, 64, 1, 0, 0, 0, 0, 0], [6, 64, 0, 0, 0, 0, 0, 0], [7, 64, 0, 60, 0, 9, 0, 0], [7, 0, 1, 0xea, 5, 9, 0, 0], [8, 0, 0, 0, 0x40, 0x42, 0x0f, 0],
        [0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff], [9, 1, 0, 0, 0, 0, 0, 0], [11, 0, 0, 0, 0, 0, 0, 0],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < HeadBytes)
        {
            return;
        }

        using var owner = new GemOwner(hasClock: (input[0] & 1) == 0);
        var card = owner.Card;
        (card.ClearsOnRead, card.IsWide) = ((input[0] & 2) == 0, (input[0] & 4) == 0);
        (card.PhyAddress, card.ManagementLooks) = (input[1], Looks(input[2]));
        owner.Start();
        for (var steps = input[HeadBytes..]; steps.Length >= StepBytes; steps = steps[StepBytes..])
        {
            Step(owner, steps[..StepBytes]);
        }

        if ((input[0] & 1) == 0)
        {
            owner.RequireServes();
        }
    }

    // So many looks, or for ever.
    private static int Looks(byte value) => (value & 15) == 15 ? GemCard.Never : value & 15;

    private static void Step(GemOwner owner, ReadOnlySpan<byte> step)
    {
        var card = owner.Card;
        var value = BinaryPrimitives.ReadUInt32LittleEndian(step[4..]);
        var small = BinaryPrimitives.ReadUInt16LittleEndian(step[3..]);
        var times = step[1] % 65;
        switch (step[0] % 12)
        {
            case 0 or 1:
                owner.Bend(step[0] % 12 == 1, step[1] % 64, step[2] % 4, value);
                break;
            case 2:
                for (; times >= 0; times--)
                {
                    owner.Arrive(small, (uint)(step[2] & 0xe0) << 8, (byte)(step[5] + times));
                }

                break;
            case 3:
                for (; times >= 0 && card.TrySend(out _); times--)
                {
                }

                break;
            case 4:
                card.Cause(value);
                owner.Acknowledge();
                break;
            case 5:
                // Some of them are kept, as the third byte says.
                for (; times >= 0 && owner.TryTake(isKept: ((step[2] >> (times % 8)) & 1) != 0); times--)
                {
                }

                break;
            case 6:
                for (; times >= 0; times--)
                {
                    owner.GiveOne(step[2]);
                }

                break;
            case 7:
                for (; times >= 0 && owner.TrySend(small % (GemOwner.MostBytes + 1u), (step[2] & 1) != 0, (byte)(step[5] + times)); times--)
                {
                }

                break;
            case 8:
                owner.Finish(value % 4_000_000);
                break;
            case 9:
                card.Phy[step[1] % 32] = (ushort)value;
                break;
            case 10:
                card.ManagementLooks = Looks(step[1]);
                card.Lie(small, value);
                break;
            default:
                owner.Start();
                break;
        }
    }
}
