using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rvirt.Reference.Harts;

namespace Rvirt.Desktop.Hypervisor;

/// <summary>What a <see cref="FakeHost"/> stands for; there is one for each hart, and it lives as long as the hart.</summary>
internal sealed class FakeHostState
{
    private static readonly ConditionalWeakTable<Hart, FakeHostState> s_states = [];

    private FakeHostState(Hart hart)
    {
        Hart = hart;
        Handle = GCHandle.Alloc(this, GCHandleType.Weak);
    }

    ~FakeHostState() => Handle.Free();

    /// <summary>The hart.</summary>
    public Hart Hart { get; }

    /// <summary>The way here from memory that no garbage collector sees.</summary>
    public GCHandle Handle { get; }

    /// <summary>What a test bends.</summary>
    public HostSeam? Seam { get; set; }

    /// <summary>How often all translations were fenced.</summary>
    public int FencesOfAll { get; set; }

    /// <summary>How often fetches were fenced.</summary>
    public int InstructionFences { get; set; }

    /// <summary>The whole hypervisor that the hart is part of.</summary>
    public DesktopMachine? Desktop { get; set; }

    /// <summary>That of a hart.</summary>
    public static FakeHostState Of(Hart hart) => s_states.GetValue(hart, static key => new FakeHostState(key));
}
