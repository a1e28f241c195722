namespace Rvirt.Core.VirtualHart;

/// <summary>What an access to a guest's devices led to, all of it, as it was under the devices' lock.</summary>
public readonly struct BusOutcome
{
    private const uint AnsweredBit = 1;
    private const uint LineBit = 2;
    private const int EventShift = 8;
    private const int CodeShift = 16;

    private readonly uint _bits;

    private BusOutcome(uint bits) => _bits = bits;

    /// <summary>No device answers: the guest takes an access fault.</summary>
    internal static BusOutcome NotAnswered => default;

    /// <summary>No device answers, or none the second half of an access whose first half may have changed a line: the guest takes an access fault.</summary>
    /// <param name="lineChanged">Whether the line changed.</param>
    public static BusOutcome Refused(bool lineChanged) => new(lineChanged ? LineBit : 0);

    /// <summary>A device answered, and that is all.</summary>
    public static BusOutcome Done => new(AnsweredBit);

    /// <summary>Whether a device answered.</summary>
    public bool Answered => (_bits & AnsweredBit) != 0;

    /// <summary>Whether the external interrupt line of the virtual hart that asks may have changed (<see cref="IGuestBus{THost}.ExternalInterruptPending"/>).</summary>
    internal bool LineChanged => (_bits & LineBit) != 0;

    /// <summary>What the guest asked of its machine with this access.</summary>
    internal GuestEvent Event => (GuestEvent)(byte)(_bits >> EventShift);

    /// <summary>The guest's own failure code, where it asks for <see cref="GuestEvent.Fail"/>.</summary>
    internal ushort FailureCode => (ushort)(_bits >> CodeShift);

    /// <summary>A device answered.</summary>
    /// <param name="lineChanged">Whether the line changed.</param>
    /// <param name="asked">What was asked of the machine.</param>
    /// <param name="code">The failure code.</param>
    public static BusOutcome Of(bool lineChanged, GuestEvent asked = GuestEvent.None, ushort code = 0) =>
        new(AnsweredBit | (lineChanged ? LineBit : 0) | ((uint)asked << EventShift) | ((uint)code << CodeShift));
}
