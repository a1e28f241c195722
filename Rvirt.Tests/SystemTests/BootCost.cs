namespace Rvirt.Tests.SystemTests;

/// <summary>What a boot took until SSH answered.</summary>
/// <param name="Processor">Seconds of processor time that QEMU used.</param>
/// <param name="Elapsed">Seconds on the clock.</param>
internal readonly record struct BootCost(double Processor, double Elapsed)
{
    /// <summary>What a machine has used up to now.</summary>
    public static BootCost Of(QemuMachine machine) => new(machine.ProcessorSeconds, machine.Age.TotalSeconds);

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{Elapsed:F1} s with {Processor:F1} s of processor time");
}
