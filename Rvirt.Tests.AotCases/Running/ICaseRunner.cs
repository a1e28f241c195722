using System;

namespace Rvirt.Tests.AotCases.Running;

/// <summary>Runs a case, writes its line of output, and survives its exception or panic.</summary>
public unsafe interface ICaseRunner
{
    /// <param name="name">Family and name of the case.</param>
    /// <param name="body">The case.</param>
    /// <param name="log">Where its output goes.</param>
    /// <param name="rounds">How often it is run, each time with other numbers.</param>
    void Run(ReadOnlySpan<byte> name, delegate*<ref Log, void> body, ref Log log, int rounds = 1);
}
