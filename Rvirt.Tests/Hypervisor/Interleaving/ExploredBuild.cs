using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Rvirt.Tests.Layers;
using Rvirt.Tests.Lockstep;
using Rvirt.Tests.SystemTests;

namespace Rvirt.Tests.Hypervisor.Interleaving;

/// <summary>
/// The product's own sources, compiled so that an explorer is told before and after each atomic operation: <c>Interlocked</c> and <c>Volatile</c> are found in the
/// product's outermost namespace first, where one more file has them. No source is changed for that, and no image knows of it.
/// </summary>
internal sealed partial class ExploredBuild : AssemblyLoadContext
{
    // What holds the protocols; the others are as they were built.
    private static readonly string[] s_projects = ["Rvirt.Core", "Rvirt.Hypervisor"];

    // What those refer to.
    private static readonly string[] s_below = ["Rvirt.Core", "Rvirt.Mmu", "Rvirt.Devices"];

    // Whoever sets Reached is told.
    private const string Told = """
        using System;
        using Atomic = System.Threading.Interlocked;
        using Ordered = System.Threading.Volatile;

        namespace Rvirt;

        internal static class Explored
        {
            internal static Action? Reached;

            internal static void Point() => Reached?.Invoke();

            internal static T After<T>(T value)
            {
                Point();
                return value;
            }
        }

        internal static class Interlocked
        {
            internal static int Or(ref int place, int value) { Explored.Point(); return Explored.After(Atomic.Or(ref place, value)); }
            internal static int And(ref int place, int value) { Explored.Point(); return Explored.After(Atomic.And(ref place, value)); }
            internal static int Exchange(ref int place, int value) { Explored.Point(); return Explored.After(Atomic.Exchange(ref place, value)); }
            internal static int CompareExchange(ref int place, int value, int old) { Explored.Point(); return Explored.After(Atomic.CompareExchange(ref place, value, old)); }
            internal static int Increment(ref int place) { Explored.Point(); return Explored.After(Atomic.Increment(ref place)); }
            internal static int Decrement(ref int place) { Explored.Point(); return Explored.After(Atomic.Decrement(ref place)); }
            internal static void MemoryBarrier() { Explored.Point(); Atomic.MemoryBarrier(); }
        }

        internal static class Volatile
        {
            internal static bool Read(ref readonly bool place) { Explored.Point(); return Ordered.Read(in place); }
            internal static int Read(ref readonly int place) { Explored.Point(); return Ordered.Read(in place); }
            internal static uint Read(ref readonly uint place) { Explored.Point(); return Ordered.Read(in place); }
            internal static long Read(ref readonly long place) { Explored.Point(); return Ordered.Read(in place); }
            internal static ulong Read(ref readonly ulong place) { Explored.Point(); return Ordered.Read(in place); }
            internal static nint Read(ref readonly nint place) { Explored.Point(); return Ordered.Read(in place); }
            internal static void Write(ref bool place, bool value) { Explored.Point(); Ordered.Write(ref place, value); Explored.Point(); }
            internal static void Write(ref int place, int value) { Explored.Point(); Ordered.Write(ref place, value); Explored.Point(); }
            internal static void Write(ref uint place, uint value) { Explored.Point(); Ordered.Write(ref place, value); Explored.Point(); }
            internal static void Write(ref long place, long value) { Explored.Point(); Ordered.Write(ref place, value); Explored.Point(); }
            internal static void Write(ref ulong place, ulong value) { Explored.Point(); Ordered.Write(ref place, value); Explored.Point(); }
            internal static void Write(ref nint place, nint value) { Explored.Point(); Ordered.Write(ref place, value); Explored.Point(); }
        }
        """;

    private static readonly Dictionary<string, byte[]> s_sound = [];

    private readonly Dictionary<string, byte[]> _images = [];

    /// <param name="error">A fault that is planted in it, or null.</param>
    public ExploredBuild(PlantedError? error = null)
    {
        foreach (var project in s_projects)
        {
            var planted = error?.File.StartsWith(project + "/", StringComparison.Ordinal) == true;
            if (planted)
            {
                _images.Add(project, Compile(project, error));
            }
            else
            {
                lock (s_sound)
                {
                    if (!s_sound.TryGetValue(project, out var image))
                    {
                        s_sound.Add(project, image = Compile(project, null));
                    }

                    _images.Add(project, image);
                }
            }
        }
    }

    /// <summary>Runs the explorer on it.</summary>
    /// <param name="world">Which world: see <see cref="ExploredWorld"/>.</param>
    /// <param name="first">First seed.</param>
    /// <param name="count">How many.</param>
    /// <returns>What went wrong, with its seed; null for nothing. What was reached.</returns>
    public (string? Failure, Exploration Reached) Explore(WorldKind world, int first, int count)
    {
        // The same code as this one's, on the product of this build.
        var explorer = LoadFromAssemblyName(typeof(Explorer).Assembly.GetName()).GetType(typeof(Explorer).FullName!, throwOnError: true)!;
        var reached = new long[Exploration.Length];
        var run = explorer.GetMethod(nameof(Explorer.Run))!.CreateDelegate<Func<int, int, int, long[], string?>>();
        var failure = run((int)world, first, count, reached);
        return (failure, new Exploration(reached));
    }

    /// <summary>Runs programs of several virtual harts in lockstep on it.</summary>
    /// <param name="first">First seed.</param>
    /// <param name="count">How many.</param>
    /// <returns>The difference that was seen; null for none.</returns>
    public string? RunSiblings(int first, int count)
    {
        var probe = LoadFromAssemblyName(typeof(SiblingProbe).Assembly.GetName()).GetType(typeof(SiblingProbe).FullName!, throwOnError: true)!;
        return probe.GetMethod(nameof(SiblingProbe.Run))!.CreateDelegate<Func<int, int, string?>>()(first, count);
    }

    protected override System.Reflection.Assembly? Load(System.Reflection.AssemblyName assemblyName)
    {
        var name = assemblyName.Name!;
        if (_images.TryGetValue(name, out var image))
        {
            return LoadFromStream(new MemoryStream(image));
        }

        var path = Path.Combine(AppContext.BaseDirectory, name + ".dll");
        return name.StartsWith("Rvirt.", StringComparison.Ordinal) && File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }

    private static byte[] Compile(string project, PlantedError? error)
    {
        var trees = ProductSources.Files(project)
            .Select(file => (Name: Path.GetRelativePath(Repository.Top, file), Text: File.ReadAllText(file)))
            .Select(file => ProductSources.Tree(file.Name, file.Name == error?.File ? error.PlantIn(file.Text) : file.Text))
            .Append(ProductSources.Tree("Told.cs", Told))
            .Append(ProductSources.Tree("Friends.cs", Friends(project)));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(file => !Path.GetFileName(file).StartsWith("Rvirt.", StringComparison.Ordinal))
            .Concat(s_below.Where(below => below != project).Select(below => Path.Combine(AppContext.BaseDirectory, below + ".dll")))
            .Select(file => MetadataReference.CreateFromFile(file));
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable, optimizationLevel: OptimizationLevel.Release);
        using var image = new MemoryStream();
        var result = CSharpCompilation.Create(project, trees, references, options).Emit(image);
        return result.Success
            ? image.ToArray()
            : throw new InvalidOperationException(string.Join('\n', result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)));
    }

    // Who sees its internals, as its project says.
    private static string Friends(string project) => string.Join('\n', Friend().Matches(File.ReadAllText(Path.Combine(Repository.Top, project, project + ".csproj")))
        .Select(match => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{match.Groups[1].Value}\")]"));

    [GeneratedRegex("<InternalsVisibleTo Include=\"([^\"]+)\"")]
    private static partial Regex Friend();
}
