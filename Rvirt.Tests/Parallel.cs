using NUnit.Framework;

// Two fixtures at a time: most of the long ones wait for one QEMU, which keeps one core busy, and the machine that judges has two.
// A fixture is alone only where it says so, and why.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(2)]
