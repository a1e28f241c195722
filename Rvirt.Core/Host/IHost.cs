namespace Rvirt.Core.Host;

/// <summary>All the hardware that the portable code reaches: the hart it runs on and the device registers around it.</summary>
public interface IHost : IHart, IMmio
{
}
