using System.IO;
using System.Linq;
using System.Xml.Linq;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>The picture of the README, and how it is drawn.</summary>
public sealed class TerminalPictureTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    [Test]
    public void TerminalsStandSideBySideAndOneBelowWithEveryLineInside()
    {
        TerminalPicture.Terminal[] above = [new("one", ["\u0001# echo '<&>'", "<&>", "", "  two  blanks"]), new("two", ["x"])];
        using var memory = new MemoryStream();
        TerminalPicture.Write(above, new TerminalPicture.Terminal("three", [new string('m', 100)]), memory);
        memory.Position = 0;
        var picture = XDocument.Load(memory).Root!;
        var boxes = picture.Elements(_svg + "rect").Select(Box).ToArray();
        var texts = picture.Elements(_svg + "text").ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(texts.Select(text => text.Value), Is.EqualTo(["one", "# echo '<&>'", "<&>", "  two  blanks", "two", "x", "three", new string('m', 100)]));
            Assert.That(texts[1].Attribute("fill")!.Value, Is.Not.EqualTo(texts[2].Attribute("fill")!.Value), "what was typed has a colour of its own");
            var (first, second, third) = (boxes[0], boxes[2], boxes[4]);
            Assert.That(second.Left, Is.GreaterThan(first.Right));
            Assert.That((second.Top, second.Bottom), Is.EqualTo((first.Top, first.Bottom)));
            Assert.That(third.Top, Is.GreaterThan(first.Bottom));
            Assert.That((third.Left, third.Right), Is.EqualTo((first.Left, second.Right)));
            foreach (var (text, box) in texts.Zip([first, first, first, first, second, second, third, third]))
            {
                var (x, y) = (Number(text, "x"), Number(text, "y"));
                Assert.That(x > box.Left && x + Number(text, "textLength") <= box.Right && y > box.Top && y < box.Bottom, text.Value);
            }
        }
    }

    [Test]
    public void TheReadmeOpensWithTheOneThatTheCommandMade()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Top, "README.md"));
        Assert.That(readme[..readme.IndexOf("## ", System.StringComparison.Ordinal)], Does.Contain($"]({PictureCommand.Picture})"));
        var text = XDocument.Load(Path.Combine(Repository.Top, PictureCommand.Picture)).Root!.Elements(_svg + "text").Select(text => text.Value).ToArray();
        Assert.That(text, Has.Some.Matches("^guest0 .* riscv64$").And.Some.Matches("^guest1 .* riscv64$").And.Some.Contains("rvirt> guests"));
        // The first guest is number 0 to make ssh.
        Assert.That(text.Where(line => line.StartsWith("make ssh", System.StringComparison.Ordinal)), Is.EqualTo(["make ssh GUEST=0", "make ssh GUEST=1"]));
    }

    private static (double Left, double Top, double Right, double Bottom) Box(XElement box) =>
        (Number(box, "x"), Number(box, "y"), Number(box, "x") + Number(box, "width"), Number(box, "y") + Number(box, "height"));

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, System.Globalization.CultureInfo.InvariantCulture);
}
