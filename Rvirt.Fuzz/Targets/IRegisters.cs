namespace Rvirt.Fuzz.Targets;

/// <summary>A device's registers and the time, as an input has them answer. An access that no driver may make is a <see cref="Engine.FuzzException"/>.</summary>
internal interface IRegisters
{
    /// <summary>Answers a read.</summary>
    uint Read(ulong address, int size);

    /// <summary>Takes a write.</summary>
    void Write(ulong address, int size, ulong value);

    /// <summary>The time; it goes on as it is read.</summary>
    ulong ReadTime();
}
