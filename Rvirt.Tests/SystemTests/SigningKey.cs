using System;
using System.IO;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>A key that signs package indexes of a test, in a folder of the test.</summary>
internal sealed class SigningKey : IDisposable
{
    private readonly string _home;

    public SigningKey(TemporaryFolder folder)
    {
        _home = folder.File("gpg");
        Keyring = folder.File("keyring.gpg");
        Directory.CreateDirectory(_home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Run("--quick-generate-key", "rvirt-test", "ed25519", "sign", "never");
        Run("--output", Keyring, "--export", "rvirt-test");
    }

    /// <summary>The file with its public half, as apt wants it.</summary>
    public string Keyring { get; }

    /// <summary>Signs a Release file: that gives what apt knows as InRelease.</summary>
    public void Sign(string release, string signed) => Run("--yes", "--output", signed, "--clearsign", release);

    /// <summary>Ends the agent that gpg started for this folder.</summary>
    public void Dispose() => Commands.Run("gpgconf", ["--homedir", _home, "--kill", "all"]);

    private void Run(params string[] arguments)
    {
        var (status, output) = Commands.Run("gpg", ["--homedir", _home, "--batch", "--pinentry-mode", "loopback", "--passphrase", "", .. arguments]);
        Assert.That(status, Is.Zero, output);
    }
}
