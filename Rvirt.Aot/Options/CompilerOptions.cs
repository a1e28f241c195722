using System.Collections.Generic;

namespace Rvirt.Aot.Options;

/// <summary>What to compile, and how.</summary>
public sealed record CompilerOptions
{
    /// <summary>The instruction set where none is said.</summary>
    public const string DefaultArchitecture = "rv64imac_zicsr_zifencei";

    /// <summary>Assemblies whose exports are compiled.</summary>
    public required IReadOnlyList<string> Roots { get; init; }

    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Exports to compile; empty for all of the roots.</summary>
    public IReadOnlyList<string> Exports { get; init; } = [];

    /// <summary>Assembly files to link in.</summary>
    public IReadOnlyList<string> Assembly { get; init; } = [];

    /// <summary>Directories in which assembly files find their includes.</summary>
    public IReadOnlyList<string> Includes { get; init; } = [];

    public string? LinkerScript { get; init; }

    /// <summary>What folders are called in debug information: <c>FROM=TO</c>, prefixes of paths.</summary>
    public IReadOnlyList<string> PathMap { get; init; } = [];

    /// <summary><c>NAME=VALUE</c>, for assembly files and the linker script.</summary>
    public IReadOnlyList<string> Defines { get; init; } = [];

    public bool IsPositionIndependent { get; init; }

    /// <summary>0, 1, 2, 3 or s.</summary>
    public string Optimization { get; init; } = "2";

    public required string Output { get; init; }

    /// <summary>Directory to leave the LLVM assembly in, or null.</summary>
    public string? EmitLlvm { get; init; }

    /// <summary>Directory of objects of earlier runs, or null to make all of them anew.</summary>
    public string? ObjectCache { get; init; }

    /// <summary>File for the image's bytes as they lie in memory, or null.</summary>
    public string? FlatBinary { get; init; }

    /// <summary>File for addresses and names, or null.</summary>
    public string? Symbols { get; init; }

    /// <summary>System.Private.CoreLib.dll, or null to look for it.</summary>
    public string? CoreLibrary { get; init; }

    public string Architecture { get; init; } = DefaultArchitecture;

    public string Clang { get; init; } = "clang-19";

    public string Linker { get; init; } = "ld.lld-19";

    public string ReadElf { get; init; } = "llvm-readelf-19";

    public string Nm { get; init; } = "llvm-nm-19";

    public string ObjCopy { get; init; } = "llvm-objcopy-19";

    /// <summary>Most bytes of stack that an export may use, panics included; recursion is refused then. Null to allow any.</summary>
    public int? StackLimit { get; init; }

    /// <summary>Compile every method of the roots and write nothing.</summary>
    public bool CheckOnly { get; init; }

    public bool Verbose { get; init; }
}
