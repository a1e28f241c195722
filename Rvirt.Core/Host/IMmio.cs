namespace Rvirt.Core.Host;

/// <summary>Device registers of the host, by physical address, in program order. Accesses are naturally aligned.</summary>
public interface IMmio
{
    /// <summary>Reads one byte.</summary>
    byte Read8(ulong address);

    /// <summary>Reads two bytes.</summary>
    ushort Read16(ulong address);

    /// <summary>Reads four bytes.</summary>
    uint Read32(ulong address);

    /// <summary>Reads eight bytes.</summary>
    ulong Read64(ulong address);

    /// <summary>Writes one byte.</summary>
    void Write8(ulong address, byte value);

    /// <summary>Writes two bytes.</summary>
    void Write16(ulong address, ushort value);

    /// <summary>Writes four bytes.</summary>
    void Write32(ulong address, uint value);

    /// <summary>Writes eight bytes.</summary>
    void Write64(ulong address, ulong value);

    /// <summary>Orders earlier writes to memory before later device accesses, and earlier device accesses before later reads of memory (<c>fence iorw, iorw</c>).</summary>
    void IoFence();
}
