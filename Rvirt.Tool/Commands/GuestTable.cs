using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Rvirt.Tool.Terminals;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rvirt.Tool.Commands;

/// <summary>Guests as two tables: a guest a row as the monitor says them, and their traps, a cause a row.</summary>
public static class GuestTable
{
    private static readonly string[] s_numbers = ["vcpus", "memory", "share", "cpu", "starts", "uptime", "traps/s"];

    /// <summary>The tables.</summary>
    public static IRenderable Of(IReadOnlyList<GuestFigures> figures)
    {
        if (figures.Count == 0)
        {
            return new Text("there is no guest");
        }

        var titles = figures[0].Facts.Keys.Where(title => title != "#").ToArray();
        var guests = New(titles.Select(title => (title, s_numbers.Contains(title))));
        foreach (var guest in figures)
        {
            guests.AddRow([.. titles.Select(title => Cell(title, guest.Facts[title]))]);
        }

        var traps = New(figures.Select(guest => (guest.Name, true)).Prepend(("traps/s", false)));
        foreach (var cause in figures[0].Traps.Keys)
        {
            traps.AddRow([new Text(cause), .. figures.Select(guest => new Text(guest.Traps.GetValueOrDefault(cause).ToString("F0", CultureInfo.InvariantCulture)))]);
        }

        return new Rows(guests, traps);
    }

    private static Table New(IEnumerable<(string Title, bool IsNumber)> columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var (title, isNumber) in columns)
        {
            table.AddColumn(new TableColumn(new Text(title)) { NoWrap = true, Alignment = isNumber ? Justify.Right : Justify.Left });
        }

        return table;
    }

    private static Text Cell(string title, string value) => new(value, title != "state" ? Style.Plain : new Style(value switch
    {
        "running" => Color.Green,
        "paused" => Color.Yellow,
        _ => Color.Red,
    }));
}
