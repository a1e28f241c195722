using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Layers;

/// <summary>What .editorconfig says of text that is not C#, which no build looks at: of C# the build and <see cref="StyleTests"/> see to it.</summary>
public sealed partial class WhitespaceTests
{
    private const string ByteOrderMark = "\ufeff";
    private const string NotUtf8 = "is not UTF-8 without a byte-order mark";
    private const string Return = "has a carriage return";
    private const string End = "does not end with one newline";
    private const string Blank = "has a blank at the end";
    private const string Indent = "is indented otherwise than .editorconfig says";

    // What the fuzzer found to be worth keeping is no text, whatever it looks like.
    private const string Inputs = "Rvirt.Fuzz/Corpus/";

    private static readonly Dictionary<(string File, string Fault), string> s_argued = new()
    {
        [("dotnet-tools.json", End)] = "dotnet tool writes it",
        [("guests/root/etc/issue", End)] = "its last line is the empty one above the login's prompt",
        [("rvirt.sln", Indent)] = "dotnet sln writes it",
        [("rvirt.sln", NotUtf8)] = "dotnet sln writes it",
    };

    [Test]
    public void TextIsWrittenAsEditorconfigSays()
    {
        var (status, output) = Commands.Run("git", ["-C", Repository.Top, "ls-files", "-z"]);
        Assert.That(status, Is.Zero, output);
        var files = output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(name => !name.EndsWith(".cs", StringComparison.Ordinal) && !name.StartsWith(Inputs, StringComparison.Ordinal) && File.Exists(Path.Combine(Repository.Top, name)))
            .ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(Repository.Top, name)));
        var texts = files.Where(file => !file.Value.Contains((byte)0)).ToList();
        Assert.That(
            texts.Select(file => file.Key),
            Is.SupersetOf([".editorconfig", ".ci/run", "Makefile", "README.md", "Directory.Build.props", "guests/build.sh", "Rvirt.Boot/Assembly/Entry.S", "Rvirt.Tool/Rvirt.Tool.csproj"]));

        var found = texts.SelectMany(file => Faults(file.Key, file.Value).Select(fault => (File: file.Key, Fault: fault))).ToList();
        Assert.That(found.Where(one => !s_argued.ContainsKey((one.File, WithoutLine(one.Fault)))), Is.Empty);
        Assert.That(s_argued.Keys.Except(found.Select(one => (one.File, WithoutLine(one.Fault)))), Is.Empty, "argued, and not needed");
    }

    [TestCase("a.md", "one\ntwo\n")]
    [TestCase("a.md", "")]
    [TestCase("a.md", "one \ntwo\t\n", Blank + " of line 1", Blank + " of line 2")]
    [TestCase("a.md", "one", End)]
    [TestCase("a.md", "one\n\n", End)]
    [TestCase("a.md", "one\r\ntwo\n", Return)]
    [TestCase("a.md", ByteOrderMark + "one\n", NotUtf8)]
    [TestCase("a.md", "1. one\n   two\n")]
    [TestCase("a.md", "one\n\ttwo\n", Indent + " in line 2")]
    [TestCase("Makefile", "all:\n\techo\n\n    x = 1\n", Indent + " in line 4")]
    [TestCase("a.S", "/* one\n * two\n */\n    ret\n   ret\n", Indent + " in line 5")]
    [TestCase("a.sh", "if true; then\n    one\n  two\nfi\n", Indent + " in line 3")]
    [TestCase("folder/a", "#!/bin/sh\nif true; then\n  two\nfi\n", Indent + " in line 3")]
    [TestCase("a.py", "#!/usr/bin/env python3\nprint(1,\n      2)\n")]
    [TestCase("a.csproj", "<Project>\n  <A />\n   <B />\n</Project>\n", Indent + " in line 3")]
    public void WhatIsWrittenOtherwiseIsSeen(string name, string text, params string[] faults) =>
        Assert.That(Faults(name, Encoding.UTF8.GetBytes(text)), Is.EqualTo(faults));

    [Test]
    public void BytesThatAreNoTextAreSeen() => Assert.That(Faults("a.md", [(byte)'a', 0xff, (byte)'\n']), Is.EqualTo([NotUtf8]));

    private static IEnumerable<string> Faults(string name, byte[] content)
    {
        var text = Encoding.UTF8.GetString(content);
        var lines = text.Split('\n');
        if (text.StartsWith(ByteOrderMark, StringComparison.Ordinal) || text.Contains('\ufffd'))
        {
            yield return NotUtf8;
        }

        if (text.Contains('\r'))
        {
            yield return Return;
        }

        if (text.Length != 0 && (lines[^1].Length != 0 || lines[^2].Length == 0))
        {
            yield return End;
        }

        var indented = IndentedOtherwise(name, text);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].EndsWith(' ') || lines[i].EndsWith('\t'))
            {
                yield return $"{Blank} of line {i + 1}";
            }
            else if (indented.IsMatch(lines[i]))
            {
                yield return $"{Indent} in line {i + 1}";
            }
        }
    }

    private static string WithoutLine(string fault) => LineNumber().Replace(fault, "");

    private static Regex IndentedOtherwise(string name, string text) => Path.GetFileName(name) switch
    {
        "Makefile" => OtherThanTabs(),
        var file => Path.GetExtension(file) switch
        {
            ".csproj" or ".props" or ".targets" or ".json" or ".yml" => OtherThanTwos(),
            ".S" or ".s" or ".inc" or ".ld" or ".sh" or ".awk" or ".c" => OtherThanFours(),
            ".py" => Tabs(),
            _ => text.StartsWith("#!", StringComparison.Ordinal) ? OtherThanFours() : Tabs(),
        },
    };

    [GeneratedRegex(@" (?:of|in) line \d+$")]
    private static partial Regex LineNumber();

    // In Markdown, lists and Python a line may stand below what it goes with.
    [GeneratedRegex(@"^ *\t")]
    private static partial Regex Tabs();

    [GeneratedRegex(@"^\t* ")]
    private static partial Regex OtherThanTabs();

    // An attribute, or text, may stand below what it goes with.
    [GeneratedRegex(@"^ *\t|^(?:  )* [<{}""[\]]")]
    private static partial Regex OtherThanTwos();

    // A line of a comment begins with the star that stands below the first.
    [GeneratedRegex(@"^ *\t|^(?:    )* {1,3}[^ *]")]
    private static partial Regex OtherThanFours();
}
