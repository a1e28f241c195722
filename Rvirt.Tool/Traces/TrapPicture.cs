using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Xml;

namespace Rvirt.Tool.Traces;

/// <summary>Traps as a picture, SVG, as flame graphs are: all of them below, causes above, and above each cause the places that trapped for it; each as wide as it is frequent.</summary>
public static class TrapPicture
{
    private const int Width = 1200;
    private const int RowHeight = 20;
    private const int Rows = 3;
    private const int LetterWidth = 7;

    // Narrower than this it could not be seen.
    private const double Least = 0.5;

    private static readonly string[] s_colours = ["#f4a261", "#e9c46a", "#2a9d8f", "#8ab17d", "#e76f51", "#6d9dc5", "#b5838d", "#a3b18a"];

    /// <summary>Writes it.</summary>
    /// <param name="traps">The traps.</param>
    /// <param name="output">Where to.</param>
    public static void Write(IReadOnlyList<TrapEvent> traps, Stream output)
    {
        using var svg = XmlWriter.Create(output, new XmlWriterSettings { Indent = true, CloseOutput = false });
        svg.WriteStartElement("svg", "http://www.w3.org/2000/svg");
        Attributes(svg, ("width", Width), ("height", Rows * RowHeight), ("font-family", "monospace"), ("font-size", 12));
        var scale = (double)Width / Math.Max(traps.Count, 1);
        Box(svg, "all", 0, 2, traps.Count, scale, "#dddddd", traps.Count);
        var from = 0;
        var colour = 0;
        foreach (var cause in Ranked(traps, trap => trap.Cause))
        {
            var fill = s_colours[colour++ % s_colours.Length];
            Box(svg, cause.Key, from, 1, cause.Count(), scale, fill, traps.Count);
            var place = from;
            foreach (var pc in Ranked(cause, trap => FormattableString.Invariant($"0x{trap.Pc:x}")))
            {
                Box(svg, pc.Key, place, 0, pc.Count(), scale, fill, traps.Count);
                place += pc.Count();
            }

            from += cause.Count();
        }

        svg.WriteEndElement();
    }

    private static IEnumerable<IGrouping<string, TrapEvent>> Ranked(IEnumerable<TrapEvent> traps, Func<TrapEvent, string> of) =>
        traps.GroupBy(of).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal);

    private static void Box(XmlWriter svg, string name, int from, int row, int count, double scale, string fill, int all)
    {
        var width = count * scale;
        if (width < Least)
        {
            return;
        }

        svg.WriteStartElement("g");
        svg.WriteElementString("title", string.Create(CultureInfo.InvariantCulture, $"{name}: {count} of {all}"));
        svg.WriteStartElement("rect");
        Attributes(svg, ("x", from * scale), ("y", row * RowHeight), ("width", width), ("height", RowHeight - 1), ("fill", fill));
        svg.WriteEndElement();
        if (name.Length * LetterWidth < width)
        {
            svg.WriteStartElement("text");
            Attributes(svg, ("x", (from * scale) + 3), ("y", (row * RowHeight) + 14));
            svg.WriteString(name);
            svg.WriteEndElement();
        }

        svg.WriteEndElement();
    }

    private static void Attributes(XmlWriter svg, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        foreach (var (name, value) in attributes)
        {
            svg.WriteAttributeString(name, string.Create(CultureInfo.InvariantCulture, $"{value}"));
        }
    }
}
