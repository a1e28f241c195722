using System.Diagnostics;

// The JIT is told not to optimise, so that exceptions on .NET have exact lines; what Roslyn emits stays optimised.
[assembly: Debuggable(DebuggableAttribute.DebuggingModes.Default | DebuggableAttribute.DebuggingModes.DisableOptimizations)]
