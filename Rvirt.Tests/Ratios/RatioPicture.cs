using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml;

namespace Rvirt.Tests.Ratios;

/// <summary>The table as a picture, SVG: a bar for each ratio, from a line that stands for the guest without Rvirt.</summary>
internal static class RatioPicture
{
    /// <summary>How wide a ratio of one is.</summary>
    public const int Unit = 120;

    private const int Names = 300;
    private const int Numbers = 60;
    private const int BarHeight = 14;
    private const int RowGap = 12;
    private const int Top = 40;
    private const int LetterWidth = 7;

    private static readonly string[] s_colours = ["#2a9d8f", "#e9c46a", "#e76f51"];

    /// <summary>Writes it.</summary>
    public static void Write(RatioFigures figures, Stream output)
    {
        var rows = RatioRow.Names.ToArray();
        var machines = RatioFigures.Compared;
        var most = rows.Max(row => machines.Max(machine => figures.Ratio(machine.Machine, row).Median));
        var rowHeight = (machines.Count * BarHeight) + RowGap;
        var (width, height) = (Names + (int)Math.Ceiling(most * Unit) + Numbers, Top + (rows.Length * rowHeight));
        using var svg = XmlWriter.Create(output, new XmlWriterSettings { Indent = true, CloseOutput = false, NewLineChars = "\n", Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) });
        svg.WriteStartElement("svg", "http://www.w3.org/2000/svg");
        Attributes(svg, ("width", width), ("height", height), ("viewBox", $"0 0 {width} {height}"), ("font-family", "sans-serif"), ("font-size", 12));
        svg.WriteElementString("title", "Time that guests take, as many times as without Rvirt");
        Box(svg, null, 0, 0, width, height, "#ffffff");
        var x = 10;
        for (var i = 0; i < machines.Count; i++)
        {
            Box(svg, null, x, 10, BarHeight, BarHeight, s_colours[i]);
            Text(svg, machines[i].Name, x + BarHeight + 4, 21, "start");
            x += BarHeight + 24 + (machines[i].Name.Length * LetterWidth);
        }

        for (var i = 0; i < rows.Length; i++)
        {
            var y = Top + (i * rowHeight);
            Text(svg, rows[i].Replace("`", "", StringComparison.Ordinal), Names - 8, y + (machines.Count * BarHeight / 2) + 4, "end");
            for (var j = 0; j < machines.Count; j++)
            {
                var ratio = figures.Ratio(machines[j].Machine, rows[i]).Median;
                var label = ratio.ToString("F2", CultureInfo.InvariantCulture);
                Box(svg, $"{rows[i]}, {machines[j].Name}: {label}", Names, y + (j * BarHeight), Math.Round(ratio * Unit, 1), BarHeight - 1, s_colours[j]);
                Text(svg, label, Names + Math.Round(ratio * Unit, 1) + 4, y + (j * BarHeight) + 11, "start");
            }
        }

        // Last, so that it is seen in each bar that goes beyond.
        Box(svg, "without Rvirt", Names + Unit, Top - 6, 1, height - Top, "#333333");
        svg.WriteEndElement();
        svg.WriteWhitespace("\n");
    }

    private static void Box(XmlWriter svg, string? title, double x, double y, double width, double height, string fill)
    {
        svg.WriteStartElement("rect");
        Attributes(svg, ("x", x), ("y", y), ("width", width), ("height", height), ("fill", fill));
        if (title is not null)
        {
            svg.WriteElementString("title", title);
        }

        svg.WriteEndElement();
    }

    private static void Text(XmlWriter svg, string text, double x, double y, string anchor)
    {
        svg.WriteStartElement("text");
        Attributes(svg, ("x", x), ("y", y), ("text-anchor", anchor));
        svg.WriteString(text);
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
