using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml;

namespace Rvirt.Tests.SystemTests;

/// <summary>Terminals as a picture, SVG: some side by side, and one below them all.</summary>
internal static class TerminalPicture
{
    private const double LetterWidth = 7.25;
    private const int LineHeight = 16;
    private const int Margin = 10;
    private const int TitleHeight = 24;
    private const int Gap = 12;

    /// <summary>A terminal: what stands above it, and its lines. Those that begin with <see cref="Typed"/> were typed by a person.</summary>
    public sealed record Terminal(string Title, IReadOnlyList<string> Lines)
    {
        /// <summary>Begins a line that was typed, and is not shown.</summary>
        public const char Typed = '\u0001';

        /// <summary>Its lines as they are shown.</summary>
        public IEnumerable<string> Shown => Lines.Select(line => line.TrimStart(Typed));
    }

    /// <summary>Writes it.</summary>
    /// <param name="above">Those side by side, each as wide as its share.</param>
    /// <param name="below">The one below.</param>
    /// <param name="output">Where to.</param>
    public static void Write(IReadOnlyList<Terminal> above, Terminal below, Stream output)
    {
        var column = above.Max(Columns);
        var half = Width(column);
        var width = System.Math.Max((half * above.Count) + (Gap * (above.Count - 1)), Width(Columns(below)));
        half = (width - (Gap * (above.Count - 1)) + above.Count - 1) / above.Count;
        width = (half * above.Count) + (Gap * (above.Count - 1));
        var height = above.Max(terminal => Height(terminal.Lines.Count));
        var all = height + Gap + Height(below.Lines.Count);
        using var svg = XmlWriter.Create(output, new XmlWriterSettings { Indent = true, CloseOutput = false, NewLineChars = "\n", Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) });
        svg.WriteStartElement("svg", "http://www.w3.org/2000/svg");
        Attributes(svg, ("width", width), ("height", all), ("viewBox", $"0 0 {width} {all}"), ("font-family", "monospace"), ("font-size", 12));
        for (var i = 0; i < above.Count; i++)
        {
            Draw(svg, above[i], i * (half + Gap), 0, half, height);
        }

        Draw(svg, below, 0, height + Gap, width, Height(below.Lines.Count));
        svg.WriteEndElement();
        svg.WriteWhitespace("\n");
    }

    private static int Columns(Terminal terminal) => terminal.Shown.Append(terminal.Title).Max(line => line.Length);

    private static int Width(int columns) => (int)(columns * LetterWidth) + (2 * Margin);

    private static int Height(int lines) => TitleHeight + (lines * LineHeight) + Margin;

    private static void Draw(XmlWriter svg, Terminal terminal, int left, int top, int width, int height)
    {
        Box(svg, left, top, width, height, "#1e2227");
        Box(svg, left, top, width, TitleHeight, "#3a4048");
        Text(svg, terminal.Title, left + Margin, top + LineHeight, "#ffffff");
        var y = top + TitleHeight + LineHeight;
        foreach (var (line, shown) in terminal.Lines.Zip(terminal.Shown))
        {
            Text(svg, shown, left + Margin, y, line.Length > 0 && line[0] == Terminal.Typed ? "#8fd3a6" : "#d7dae0");
            y += LineHeight;
        }
    }

    private static void Box(XmlWriter svg, int x, int y, int width, int height, string fill)
    {
        svg.WriteStartElement("rect");
        Attributes(svg, ("x", x), ("y", y), ("width", width), ("height", height), ("fill", fill));
        svg.WriteEndElement();
    }

    private static void Text(XmlWriter svg, string text, int x, int y, string fill)
    {
        if (text.Length == 0)
        {
            return;
        }

        svg.WriteStartElement("text");
        // Its length is said, so that columns stand below each other in any font.
        Attributes(svg, ("x", x), ("y", y), ("fill", fill), ("textLength", text.Length * LetterWidth), ("xml:space", "preserve"));
        svg.WriteString(text);
        svg.WriteEndElement();
    }

    private static void Attributes(XmlWriter svg, params (string Name, object Value)[] attributes)
    {
        foreach (var (name, value) in attributes)
        {
            var text = System.Convert.ToString(value, CultureInfo.InvariantCulture);
            if (name == "xml:space")
            {
                svg.WriteAttributeString("xml", "space", null, text);
            }
            else
            {
                svg.WriteAttributeString(name, text);
            }
        }
    }
}
