using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using Rvirt.Tests.AotCases.Running;

namespace Rvirt.Tests.Aot.Suite;

/// <summary>Runs cases on .NET; an exception becomes what the target's panic must be.</summary>
internal unsafe struct DesktopRunner(Dictionary<string, IReadOnlyList<Round>> results) : ICaseRunner
{
    public readonly void Run(ReadOnlySpan<byte> name, delegate*<ref Log, void> body, ref Log log, int rounds = 1)
    {
        var list = new List<Round>();
        var buffer = new byte[1 << 16];
        for (var round = 0; round < rounds; round++)
        {
            var own = new Log(buffer, DesktopRun.Seed);
            own.Restart(name, round);
            try
            {
                body(ref own);
                list.Add(Round.Parse(Encoding.UTF8.GetString(buffer, 0, own.Length)));
            }
            catch (Exception e)
            {
                list.Add(Failure(e));
            }
        }
        results.Add(Encoding.UTF8.GetString(name), list);
    }

    private static Round Failure(Exception exception)
    {
        var frames = new StackTrace(exception, fNeedFileInfo: true).GetFrames();
        var frame = frames.First(candidate => candidate.GetMethod()?.Module.Assembly == typeof(Log).Assembly && candidate.GetFileName() is not null);
        var place = $"{Path.GetFileName(frame.GetFileName())}:{frame.GetFileLineNumber()}";
        var kind = exception switch
        {
            IndexOutOfRangeException => "IndexOutOfRange",
            NullReferenceException => "NullReference",
            DivideByZeroException => "DivideByZero",
            OverflowException => "Overflow",
            _ => "Exception",
        };
        return new Round("", kind, place, $"{exception.GetType().FullName!.Replace('+', '.')}: {exception.Message}")
        {
            IsInsideCoreLibrary = frames[0].GetMethod()?.Module.Assembly == typeof(object).Assembly,
        };
    }
}

/// <summary>The suite's results on .NET, made once.</summary>
internal static class DesktopRun
{
    /// <summary>The same in each run of the tests, unless another is asked for: what fails prints it.</summary>
    public static ulong Seed { get; } = ulong.TryParse(Environment.GetEnvironmentVariable("RVIRT_SUITE_SEED"), out var given) ? given : 1;

    private static readonly Lazy<IReadOnlyDictionary<string, IReadOnlyList<Round>>> s_results = new(Run);

    public static IReadOnlyDictionary<string, IReadOnlyList<Round>> Results => s_results.Value;

    /// <summary>Methods that are cases, listed in the suite or not.</summary>
    public static IEnumerable<string> Methods =>
        from type in CompiledPrograms.CaseTypes
        where type.Namespace is "Rvirt.Tests.AotCases.Cases" or "Rvirt.Tests.AotCases.Panics"
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where method.GetParameters() is [{ ParameterType: { IsByRef: true } parameter }] && parameter.GetElementType() == typeof(Log)
        select method.Name;

    private static IReadOnlyDictionary<string, IReadOnlyList<Round>> Run()
    {
        var results = new Dictionary<string, IReadOnlyList<Round>>();
        var runner = new DesktopRunner(results);
        var log = new Log([], Seed);
        AotCases.Running.Suite.Run(ref runner, ref log);
        return results;
    }
}
