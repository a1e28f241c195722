using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using Rvirt.Core.Seeds;

namespace Rvirt.Tests.Core.Seeds;

/// <summary>Rvirt's SHA-256 against the examples that NIST published and against .NET's.</summary>
public sealed class Sha256Tests
{
    // FIPS 180-2, appendix B, and NIST's "SHA256ShortMsg" and "SHA256LongMsg" examples.
    [TestCase("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [TestCase("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [TestCase("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    [TestCase("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")]
    public void PublishedExamples(string text, int times, string expected) =>
        Assert.That(Hash(Enumerable.Repeat(Encoding.ASCII.GetBytes(text), times).SelectMany(bytes => bytes).ToArray()), Is.EqualTo(expected));

    [Test]
    public void EveryLengthOfSomeBlocks()
    {
        var random = new Random(1);
        for (var length = 0; length <= 1024; length++)
        {
            var message = new byte[length];
            random.NextBytes(message);
            Assert.That(Hash(message), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(message))), $"{length} bytes");
        }
    }

    [Test]
    public void EveryBitCounts()
    {
        var message = new byte[119];
        for (var bit = 0; bit < message.Length * 8; bit++)
        {
            message[bit >> 3] ^= (byte)(1 << (bit & 7));
            Assert.That(Hash(message), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(message))), $"bit {bit}");
            message[bit >> 3] = 0;
        }
    }

    [Test]
    public void TheDigestMayTakeTheMessagesPlaceAndNoMore()
    {
        var bytes = new byte[40];
        Sha256.Hash(bytes, bytes);
        Assert.That(bytes[..32], Is.EqualTo(SHA256.HashData(new byte[40])));
        Assert.That(bytes[32..], Is.EqualTo(new byte[8]));
    }

    private static string Hash(byte[] message)
    {
        var digest = new byte[Sha256.Length];
        Sha256.Hash(message, digest);
        return Convert.ToHexStringLower(digest);
    }
}
