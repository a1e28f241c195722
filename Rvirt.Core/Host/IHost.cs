namespace Rvirt.Core.Host;

/// <summary>All the hardware that the portable code reaches: the hart it runs on and the device registers around it.</summary>
/// <remarks>Whoever needs part of it asks for that part, so that a test's stand-in has no more than what is under test.</remarks>
public interface IHost : ITrapHost, IFences, IMmio
{
}
