namespace Rvirt.Aot.Diagnostics;

/// <summary>The errors the compiler reports. <c>docs/csharp-subset.md</c> explains each.</summary>
public enum DiagnosticCode
{
    /// <summary>A fault of the compiler itself, or IL it cannot read.</summary>
    Internal = 1,
    MissingAssembly = 2,
    UnresolvedMember = 3,
    InvalidIl = 4,
    ToolFailed = 5,
    InvalidExport = 6,
    BadOption = 7,
    Allocation = 10,
    Boxing = 11,
    Delegate = 12,
    CatchHandler = 13,
    FloatingPoint = 14,
    VirtualCall = 15,
    TypeTest = 16,
    RunTimeType = 17,
    StaticConstructor = 18,
    ThreadStatic = 19,
    ExternalMethod = 20,
    SelfCallingIntrinsic = 21,
    GenericNesting = 22,
    NotAllowed = 23,
    Layout = 24,
    VariableArguments = 25,
    Relocation = 26,
    Recursion = 27,
    StackUse = 28,
    AsmIntrinsic = 29,
    FixedAddress = 30,
}
