using System.Runtime.InteropServices;

namespace Rvirt.Reference.Harts;

/// <summary>What harts sit on: RAM, time, each other, and whatever answers where no RAM is. A machine is one, and there is no other.</summary>
// SAFETY: RAM is allocated in the constructor and freed in FreeRam, which the machine calls last; Ram points into it, 2 MiB aligned, and moves never.
public abstract unsafe class HartBoard
{
    private const ulong Superpage = 2 << 20;

    private readonly byte* _allocation;

    private protected HartBoard(ulong ramBase, ulong ramSize, int harts)
    {
        RamBase = ramBase;
        RamSize = ramSize;
        // One superpage more than needed, so that the block can be aligned like one.
        _allocation = (byte*)NativeMemory.AllocZeroed((nuint)(ramSize + Superpage));
        Ram = (byte*)(((ulong)_allocation + Superpage - 1) & ~(Superpage - 1));
        Harts = new Hart[harts];
    }

    /// <summary>Physical address of the first byte of RAM.</summary>
    public ulong RamBase { get; }

    /// <summary>Bytes of RAM.</summary>
    public ulong RamSize { get; }

    /// <summary>The RAM itself, aligned to 2 MiB and never moved.</summary>
    public byte* Ram { get; }

    /// <summary>All harts.</summary>
    public Hart[] Harts { get; }

    /// <summary>
    /// Where set, what <c>time</c>, <c>cycle</c> and <c>instret</c> read: two machines that run the same program with different
    /// numbers of instructions can so be given the same clock.
    /// </summary>
    public ulong? Clock { get; set; }

    /// <summary>How many instructions of a hart make one tick of <c>time</c>.</summary>
    public ulong CyclesPerTick { get; set; } = 10;

    /// <summary>Set when the run is over: the reason as the test finisher reports it (0x5555 pass, 0x7777 reset, code &lt;&lt; 16 | 0x3333 fail).</summary>
    public uint? Outcome { get; private set; }

    /// <summary>Whether the run is over.</summary>
    public bool Ended => Outcome.HasValue;

    /// <summary>Instructions of the slices that are over: each counts as many as the hart with the most.</summary>
    private protected ulong Passed { get; set; }

    /// <summary>The tick at which the clock of the day rings; all ones: never.</summary>
    internal abstract ulong AlarmTick { get; }

    /// <summary>Lets the clock of the day ring if a tick is late enough.</summary>
    internal abstract void UpdateAlarm(ulong tick);

    /// <summary>Ends the run.</summary>
    /// <param name="outcome">The reason, as <see cref="Outcome"/> has it.</param>
    public void End(uint outcome)
    {
        Outcome = outcome;
        foreach (var hart in Harts)
        {
            hart.Attention();
        }
    }

    /// <summary>Forgets the end of a run, so that the machine can start again.</summary>
    public void Resume() => Outcome = null;

    /// <summary>The value of <c>time</c> and <c>mtime</c>, in ticks, as a hart sees it.</summary>
    /// <param name="hart">The hart, or null for the time at the end of the last slice.</param>
    public ulong Time(Hart? hart) => Clock ?? ((Passed + (hart?.SliceCycles ?? 0)) / CyclesPerTick);

    /// <summary>Instructions of a hart until a tick, at least 0.</summary>
    internal ulong CyclesUntil(Hart hart, ulong tick)
    {
        if (tick > ulong.MaxValue / CyclesPerTick)
        {
            return ulong.MaxValue;
        }

        var at = tick * CyclesPerTick;
        var now = Passed + hart.SliceCycles;
        return at > now ? at - now : 0;
    }

    /// <summary>Reads a device register. Accesses are aligned.</summary>
    /// <param name="hart">The hart that reads, or null.</param>
    /// <param name="address">The register's physical address.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What it holds, zero-extended.</param>
    /// <returns>False where nothing answers: an access fault.</returns>
    public abstract bool TryRead(Hart? hart, ulong address, int size, out ulong value);

    /// <summary>Writes a device register. Accesses are aligned.</summary>
    /// <param name="hart">The hart that writes, or null.</param>
    /// <param name="address">The register's physical address.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">What is written.</param>
    /// <returns>False where nothing answers: an access fault.</returns>
    public abstract bool TryWrite(Hart? hart, ulong address, int size, ulong value);

    /// <summary>
    /// For software in C# that has nothing to do until an interrupt: lets time pass until the hart's next timer, or, where the hart has a
    /// thread, lets the other harts run. May return early.
    /// </summary>
    /// <param name="hart">The hart whose software waits.</param>
    /// <returns>False where nothing is left that could end the wait.</returns>
    public abstract bool TryWait(Hart hart);

    /// <summary>For software in C# that waits for what another hart writes: lets the others run. Without a thread for the hart none could.</summary>
    /// <param name="hart">The hart whose software waits.</param>
    public abstract void Relax(Hart hart);

    private protected void FreeRam() => NativeMemory.Free(_allocation);
}
