using System;

namespace Rvirt.Tests.Lockstep;

/// <summary>The two machines differ in what the specification does not leave open.</summary>
public sealed class DivergenceException(string message) : Exception(message);
