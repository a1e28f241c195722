using System;
using System.IO;
using System.IO.MemoryMappedFiles;

namespace Rvirt.Fuzz.Commands;

/// <summary>The input that a worker is at, in a mapped file: it outlives a worker that dies of it.</summary>
internal sealed class CurrentInput : IDisposable
{
    private const int Capacity = 1 << 17;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public CurrentInput(string folder)
    {
        _file = MemoryMappedFile.CreateFromFile(Place(folder), FileMode.Create, null, Capacity);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Notes an input.</summary>
    public void Write(byte[] input)
    {
        var length = Math.Min(input.Length, Capacity - sizeof(int));
        _view.Write(0, length);
        _view.WriteArray(sizeof(int), input, 0, length);
    }

    /// <summary>The input that was noted last in a folder.</summary>
    public static byte[] Read(string folder)
    {
        var bytes = File.ReadAllBytes(Place(folder));
        return bytes[sizeof(int)..(sizeof(int) + BitConverter.ToInt32(bytes))];
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static string Place(string folder) => Path.Combine(folder, "current");
}
