using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Rvirt.Tests.SystemTests;

/// <summary>
/// A repository with a signed index, served by HTTP on 127.0.0.1: a guest that has no other network installs from it. In it are packages of Debian, and two
/// made here: a service, and what that depends on.
/// </summary>
internal sealed class PackageServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _files;

    /// <summary>Signs what it has, and serves it.</summary>
    /// <param name="folder">Where the repository is.</param>
    /// <param name="key">The key that signs the index.</param>
    /// <param name="packages">Files of Debian's packages.</param>
    public PackageServer(TemporaryFolder folder, SigningKey key, IEnumerable<string> packages)
    {
        _files = Directory.CreateDirectory(folder.File("repository")).FullName;
        var index = Encoding.UTF8.GetBytes(Make(folder, "rvirt-words", "", "usr/share/rvirt/words", "served by a package\n")
            + Make(
                folder, "rvirt-service", "Depends: rvirt-words\n", "usr/lib/systemd/system/rvirt-service.service",
                "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/cp /usr/share/rvirt/words /run/rvirt-words\n[Install]\nWantedBy=multi-user.target\n",
                "#!/bin/sh\nset -e\nsystemctl daemon-reload\nsystemctl enable --now rvirt-service\n")
            + string.Concat(packages.Select(Take)));
        File.WriteAllBytes(Path.Combine(_files, "Packages"), index);
        var release = folder.Write("Release", Encoding.ASCII.GetBytes(
            $"Suite: test\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {Convert.ToHexStringLower(SHA256.HashData(index))} {index.Length} Packages\n"));
        key.Sign(release, Path.Combine(_files, "InRelease"));
        _listener.Start();
        _ = Serve();
    }

    /// <summary>Where a guest finds it: QEMU's user network has this machine's 127.0.0.1 at 10.0.2.2.</summary>
    public string AddressInGuest => $"http://10.0.2.2:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public void Dispose() => _listener.Dispose();

    // Gives the package's part of the index.
    private string Make(TemporaryFolder folder, string name, string fields, string path, string content, string? script = null)
    {
        var tree = folder.File(name);
        var file = Path.Combine(tree, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        var control = $"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@localhost>\n{fields}Description: of a test\n";
        File.WriteAllText(Path.Combine(tree, "DEBIAN/control"), control);
        if (script is not null)
        {
            File.WriteAllText(Path.Combine(tree, "DEBIAN/postinst"), script);
            File.SetUnixFileMode(Path.Combine(tree, "DEBIAN/postinst"), (UnixFileMode)0b111_101_101);
        }

        var package = folder.File(name + ".deb");
        DpkgDeb("--root-owner-group", "--build", tree, package);
        return Take(package);
    }

    // Gives the package's part of the index, which is what it says of itself and where it is.
    private string Take(string package)
    {
        var bytes = File.ReadAllBytes(package);
        var name = Path.GetFileName(package);
        File.WriteAllBytes(Path.Combine(_files, name), bytes);
        return $"{DpkgDeb("--field", package).TrimEnd()}\nFilename: ./{name}\nSize: {bytes.Length}\nSHA256: {Convert.ToHexStringLower(SHA256.HashData(bytes))}\n\n";
    }

    private static string DpkgDeb(params string[] arguments)
    {
        var (status, output) = Commands.Run("dpkg-deb", arguments);
        Assert.That(status, Is.Zero, output);
        return output;
    }

    private async Task Serve()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception problem) when (problem is SocketException or InvalidOperationException)
            {
                return;
            }

            _ = Answer(client);
        }
    }

    // apt asks for several files before it has the first.
    private async Task Answer(TcpClient client)
    {
        using var connection = client;
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        try
        {
            while (await reader.ReadLineAsync() is { } request)
            {
                while (await reader.ReadLineAsync() is { Length: > 0 })
                {
                    // Whatever it says of itself.
                }

                var words = request.Split(' ');
                var file = Directory.GetFiles(_files).SingleOrDefault(file => words.Length > 1 && words[1].TrimStart('/', '.') == Path.GetFileName(file));
                var body = file is null ? [] : await File.ReadAllBytesAsync(file);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {(file is null ? "404 Not Found" : "200 OK")}\r\nContent-Length: {body.Length}\r\n\r\n"));
                await stream.WriteAsync(body);
            }
        }
        catch (IOException)
        {
            // It went away.
        }
    }
}
