using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Rvirt.Aot.Ir;

namespace Rvirt.Aot.Llvm;

/// <summary>DWARF as LLVM metadata: a compile unit, a subprogram for each function with source, lines, variables.</summary>
internal sealed class DebugMetadata
{
    private readonly List<string> _nodes = [];
    private readonly Dictionary<string, int> _files = [];
    private readonly Dictionary<IrFunction, string> _functions = [];
    private readonly Dictionary<(IrFunction, IrLocation), string> _locations = [];
    private readonly List<string> _globals = [];
    private readonly int _unit;
    private readonly int _imageFile;
    private readonly int _emptyType;
    private readonly DebugTypes _types;
    private readonly System.Func<string, string> _nameOfSource;

    /// <summary>Numbers below are the writer's own.</summary>
    private const int FirstNode = 10;

    public DebugMetadata(System.Func<string, string> nameOfSource)
    {
        _nameOfSource = nameOfSource;
        _imageFile = Add("!DIFile(filename: \"image\", directory: \".\")");
        _unit = Reserve();
        var list = Add("!{null}");
        _emptyType = Add($"!DISubroutineType(types: !{list})");
        _types = new DebugTypes(Add, Reserve, Set);
    }

    /// <summary>The subprogram of a function; null when it has no source.</summary>
    public string? ForFunction(IrFunction function)
    {
        if (function.Location is not { } location)
        {
            return null;
        }
        var file = FileOf(location.File);
        var node = Add(string.Create(CultureInfo.InvariantCulture, $"distinct !DISubprogram(name: \"{Escape(function.DisplayName)}\", linkageName: \"{Escape(function.Symbol)}\", scope: !{file}, file: !{file}, line: {location.Line}, type: !{_emptyType}, scopeLine: {location.Line}, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !{_unit}, retainedNodes: !{Add("!{}")})"));
        var reference = $"!{node}";
        _functions.Add(function, reference);
        return reference;
    }

    /// <summary>The place of an instruction within a function with source. One without a line of its own takes line 0.</summary>
    public string? At(IrFunction function, IrLocation? location)
    {
        if (!_functions.TryGetValue(function, out var scope))
        {
            return null;
        }
        location ??= new IrLocation(function.Location!.File, 0, 0);
        if (!_locations.TryGetValue((function, location), out var reference))
        {
            reference = $"!{Add(string.Create(CultureInfo.InvariantCulture, $"!DILocation(line: {location.Line}, column: {location.Column}, scope: {scope})"))}";
            _locations.Add((function, location), reference);
        }
        return reference;
    }

    public (string Variable, string Location)? ForVariable(IrFunction function, IrVariable variable)
    {
        if (!_functions.TryGetValue(function, out var scope) || _types.For(variable.Shape) is not { } type)
        {
            return null;
        }
        var file = FileOf(function.Location!.File);
        var argument = variable.ParameterNumber > 0 ? string.Create(CultureInfo.InvariantCulture, $", arg: {variable.ParameterNumber}") : "";
        var node = Add(string.Create(CultureInfo.InvariantCulture, $"!DILocalVariable(name: \"{Escape(variable.Name)}\"{argument}, scope: {scope}, file: !{file}, line: {function.Location.Line}, type: !{type})"));
        return ($"!{node}", At(function, function.Location)!);
    }

    /// <summary>The variable of a static field; null for other data, and for types the debugger cannot show.</summary>
    public string? ForGlobal(IrGlobal global)
    {
        if (global.Variable is not { } variable || _types.For(variable.Shape) is not { } type)
        {
            return null;
        }
        var node = Add($"distinct !DIGlobalVariable(name: \"{Escape(variable.Name)}\", linkageName: \"{Escape(global.Symbol)}\", scope: !{_unit}, file: !{_imageFile}, type: !{type}, isLocal: true, isDefinition: true)");
        var expression = $"!{Add($"!DIGlobalVariableExpression(var: !{node}, expr: !DIExpression())")}";
        _globals.Add(expression);
        return expression;
    }

    public void Write(StringBuilder text)
    {
        var globals = Add($"!{{{string.Join(", ", _globals)}}}");
        Set(_unit, $"distinct !DICompileUnit(language: DW_LANG_C_plus_plus, file: !{_imageFile}, producer: \"Rvirt.Aot\", isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug, nameTableKind: None, globals: !{globals})");
        text.Append(CultureInfo.InvariantCulture, $"!llvm.dbg.cu = !{{!{_unit}}}\n");
        for (var i = 0; i < _nodes.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"!{i + FirstNode} = {_nodes[i]}\n");
        }
    }

    private int FileOf(string path)
    {
        if (!_files.TryGetValue(path, out var node))
        {
            var name = _nameOfSource(path);
            node = Add($"!DIFile(filename: \"{Escape(Path.GetFileName(name))}\", directory: \"{Escape(Path.GetDirectoryName(name) ?? "")}\")");
            _files.Add(path, node);
        }
        return node;
    }

    private int Add(string node)
    {
        _nodes.Add(node);
        return _nodes.Count - 1 + FirstNode;
    }

    private int Reserve() => Add("");

    private void Set(int node, string text) => _nodes[node - FirstNode] = text;

    internal static string Escape(string text) =>
        text.Replace("\\", "\\5C", System.StringComparison.Ordinal).Replace("\"", "\\22", System.StringComparison.Ordinal);
}
