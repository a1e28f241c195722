using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using Rvirt.Fuzz.Targets;
using Rvirt.Tests.Hostile.Programs;

namespace Rvirt.Tests.Layers;

/// <summary>Names of tests as documents write them: a fixture, a test of one or by itself, its beginning and three dots, one of its cases.</summary>
internal static partial class TestNames
{
    private const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Lazy<string[]> s_types = new(() => [.. typeof(TestNames).Assembly.GetTypes().Select(NameOf)]);

    private static readonly Lazy<(string Fixture, MethodInfo Method)[]> s_tests = new(() => [.. typeof(TestNames).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(All).Where(HasTestAttribute).Select(method => (NameOf(type), method)))]);

    // What tests run: cases of the compiler's suite, programs that it refuses, hostile guests, and what is fuzzed.
    private static readonly Lazy<HashSet<string>> s_programs = new(() => [.. AotPrograms(), .. HostilePrograms.Ending, .. HostilePrograms.Endless, .. FuzzTargets.Names]);

    /// <summary>Whether a word is written as tests are; a sentence may be something else of the code's, too.</summary>
    public static bool IsWrittenAsOne(string word) => Written().IsMatch(word);

    /// <summary>Whether there is such a test, a type that helps tests, or a program that they run.</summary>
    public static bool Exists(string word)
    {
        if (s_programs.Value.Contains(word) || s_types.Value.Any(type => IsCalled(type, word)))
        {
            return true;
        }

        if (word.EndsWith(".*", StringComparison.Ordinal))
        {
            return s_programs.Value.Any(program => program.StartsWith(word[..^1], StringComparison.Ordinal));
        }

        var parts = Parts().Match(word);
        var (fixture, name, arguments) = (parts.Groups["fixture"].Value, parts.Groups["name"].Value, parts.Groups["arguments"]);
        var begins = parts.Groups["more"].Success;
        return parts.Success && s_tests.Value.Any(test =>
            (fixture.Length == 0 || IsCalled(test.Fixture, fixture))
            && (begins ? test.Method.Name.StartsWith(name, StringComparison.Ordinal) : test.Method.Name == name)
            && (!arguments.Success || HasCase(test.Method, arguments.Value)));
    }

    /// <summary>All code in the last column of those tables that name tests there.</summary>
    public static IEnumerable<string> InColumns(string text)
    {
        var above = "";
        var namesTests = false;
        foreach (var line in text.Split('\n'))
        {
            var cell = line.StartsWith('|') ? line.Split('|')[^2] : "";
            if (!above.StartsWith('|'))
            {
                namesTests = cell.Trim() is "found by" or "held by" or "tests that failed";
            }
            else if (namesTests)
            {
                foreach (Match match in Code().Matches(cell))
                {
                    yield return match.Groups[1].Value;
                }
            }

            above = line;
        }
    }

    /// <summary>The tests whose names are not written as all names of methods are.</summary>
    public static IEnumerable<string> OfAnotherStyle() => s_tests.Value.Select(test => test.Method.Name).Where(name => !Sentence().IsMatch(name));

    private static IEnumerable<string> AotPrograms() => ProductSources.Files("Rvirt.Tests.AotCases")
        .SelectMany(file => AotProgram().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value));

    // With its namespace and the types around it, each behind a dot.
    private static string NameOf(Type type) => "." + Arity().Replace(type.FullName!, "").Replace('+', '.');

    private static bool IsCalled(string type, string name) => type.EndsWith("." + name, StringComparison.Ordinal);

    private static bool HasTestAttribute(MethodInfo method) => method.GetCustomAttributes(inherit: true).Any(attribute => attribute is ITestBuilder or ISimpleTestBuilder);

    // What a source of cases gives is not looked at.
    private static bool HasCase(MethodInfo method, string arguments)
    {
        var cases = method.GetCustomAttributes<TestCaseAttribute>().ToArray();
        return cases.Length == 0
            ? method.GetParameters().Length != 0
            : cases.Any(one => string.Join(',', one.Arguments.Select(Show)) == arguments);
    }

    private static string? Show(object? argument) => argument is string text ? $"\"{text}\"" : Convert.ToString(argument, CultureInfo.InvariantCulture);

    // A fixture, a test of one, or a sentence; a constant has no small letters.
    [GeneratedRegex(@"^(?:[A-Za-z0-9_.]+\.)?[A-Z][A-Za-z0-9]+Tests(?:\.(?!cs$)[A-Za-z]\w*(?:\.\.\.)?(?:\(.*\))?)?$|^(?=.*[a-z])[A-Z][a-z0-9]*(?:[A-Z][a-z0-9]*){3,}(?:\.\.\.)?(?:\(.*\))?$")]
    private static partial Regex Written();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]*$")]
    private static partial Regex Sentence();

    [GeneratedRegex(@"^(?:(?<fixture>[A-Za-z0-9_.]+)\.)?(?<name>[A-Za-z]\w*)(?<more>\.\.\.)?(?:\((?<arguments>.*)\))?$")]
    private static partial Regex Parts();

    [GeneratedRegex(@"""(?<name>[A-Z]\w*\.\w+)""u8|EntryPoint = ""(?<name>\w+)""")]
    private static partial Regex AotProgram();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"`\d+")]
    private static partial Regex Arity();
}
