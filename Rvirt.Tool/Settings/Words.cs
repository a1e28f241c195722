using System;
using System.Collections.Generic;
using System.Text;

namespace Rvirt.Tool.Settings;

/// <summary>Splits a setting such as QEMU_EXTRA into arguments: at spaces, except between quotes or behind a backslash.</summary>
public static class Words
{
    /// <summary>The words of a text.</summary>
    /// <exception cref="FormatException">A quote is not closed.</exception>
    public static IReadOnlyList<string> Split(string name, string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var inside = false;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (letter == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
                inside = true;
            }
            else if (letter == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && letter is '\'' or '"' && quote == '\0')
            {
                quote = letter;
                inside = true;
            }
            else if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                if (inside)
                {
                    words.Add(word.ToString());
                }

                word.Clear();
                inside = false;
            }
            else
            {
                word.Append(letter);
                inside = true;
            }
        }

        if (quote != '\0')
        {
            throw new FormatException($"{name}: a {quote} is not closed");
        }

        if (inside)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}
