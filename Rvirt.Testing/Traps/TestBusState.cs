using System.Collections.Generic;
using System.Text;
using Rvirt.Core.VirtualHart;

namespace Rvirt.Testing.Traps;

/// <summary>A guest's devices as a test sees them: what was asked of them, and what they answer.</summary>
public sealed class TestBusState
{
    /// <summary>Each access: "read", "quick" or "write", the address in hexadecimal, bytes, and of a write the value; further "locked" and "unlocked", "alarm" and "idle".</summary>
    public List<string> Calls { get; } = [];

    /// <summary>What the guest wrote to its console by SBI calls, each byte a character.</summary>
    public StringBuilder Output { get; } = new();

    /// <summary>What is typed on its console.</summary>
    public Queue<byte> Input { get; } = new();

    /// <summary>Whether a device answers.</summary>
    public bool Present { get; set; } = true;

    /// <summary>Whether the register takes no writes.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>Whether the quick read answers.</summary>
    public bool Quick { get; set; }

    /// <summary>The register's value; what the guest writes does not change it.</summary>
    public ulong Value { get; set; }

    /// <summary>Whether the PLIC signals an interrupt.</summary>
    public bool External { get; set; }

    /// <summary>Whether an access says that <see cref="External"/> may have changed.</summary>
    public bool LineChanged { get; set; }

    /// <summary>What a write asks of the machine; a failure has the code 42.</summary>
    public GuestEvent Event { get; set; }

    /// <summary>The <c>time</c> at which the guest's alarm rings next; all ones for never.</summary>
    public ulong Alarm { get; set; } = ulong.MaxValue;
}
