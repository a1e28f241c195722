using Rvirt.Tests.AotCases.Cases;
using Rvirt.Tests.AotCases.Panics;

namespace Rvirt.Tests.AotCases.Running;

/// <summary>Every case there is.</summary>
public static class Suite
{
    public static void Run<T>(ref T runner, ref Log log)
        where T : struct, ICaseRunner
    {
        ArithmeticCases.RunAll(ref runner, ref log);
        CheckedCases.RunAll(ref runner, ref log);
        ConversionCases.RunAll(ref runner, ref log);
        ControlFlowCases.RunAll(ref runner, ref log);
        SwitchCases.RunAll(ref runner, ref log);
        FinallyCases.RunAll(ref runner, ref log);
        StructSizeCases.RunAll(ref runner, ref log);
        StructCases.RunAll(ref runner, ref log);
        ValueCases.RunAll(ref runner, ref log);
        SpanCases.RunAll(ref runner, ref log);
        MemoryCases.RunAll(ref runner, ref log);
        OverlapCases.RunAll(ref runner, ref log);
        InterfaceCases.RunAll(ref runner, ref log);
        FunctionPointerCases.RunAll(ref runner, ref log);
        GenericCases.RunAll(ref runner, ref log);
        FrozenObjectCases.RunAll(ref runner, ref log);
        StaticCases.RunAll(ref runner, ref log);
        DebuggingCases.RunAll(ref runner, ref log);
        CoreLibraryCases.RunAll(ref runner, ref log);
        PanicCases.RunAll(ref runner, ref log);
    }
}
