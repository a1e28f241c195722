namespace Rvirt.Core.Host;

/// <summary>What trap handling and SBI calls need of the hart. Page tables and devices of the host are reached by others, who ask for them.</summary>
public interface ITrapHost : ISupervisorCsrs, ITimer, IInterprocessor, IRelax, IGuestFetch, IFloatingPoint, IVectors
{
}
