using System.Globalization;
using System.Text;

namespace Rvirt.Tests.Ratios;

/// <summary>The program in C that guests compile: no two of its functions are the same, and it includes nothing.</summary>
internal static class RatioProgram
{
    /// <summary>Its text.</summary>
    /// <param name="functions">How many functions it has.</param>
    public static byte[] Text(int functions)
    {
        var text = new StringBuilder("struct item { unsigned long key; int count; struct item *next; };\nstatic unsigned table[256];\n");
        for (var i = 0; i < functions; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""

                unsigned long step{{i}}(struct item *list, const unsigned char *text, int length)
                {
                    unsigned long sum = {{i}};
                    for (int at = 0; at < length; at++) {
                        switch (text[at] % {{(i % 5) + 3}}) {
                        case 0: sum = (sum << {{(i % 13) + 1}}) ^ table[text[at]]; break;
                        case 1: sum += text[at] * {{(i * 7) + 3}}ul; break;
                        default: table[(sum + at) & 255] += (unsigned)sum >> {{i % 17}}; break;
                        }
                    }
                    for (struct item *item = list; item; item = item->next) {
                        if (item->key % {{i + 2}} == 0)
                            item->count += (int)(sum & {{(i % 63) + 1}});
                        else
                            sum ^= item->key / {{i + 3}};
                    }
                    return sum{{(i == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" + step{i - 1}(list, text, length / 2)"))}};
                }

                """);
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
