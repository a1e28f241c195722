using System;
using System.Reflection;
using System.Reflection.Emit;

namespace Rvirt.Tests.Aot.Layout;

/// <summary>Where .NET puts a field, asked of the runtime itself: Marshal's offsets are those of a marshalled copy.</summary>
internal static class FieldOffsets
{
    private delegate long Measure();

    /// <summary>Bytes from the start of a struct to a field.</summary>
    public static int Of(Type type, FieldInfo field)
    {
        var method = new DynamicMethod("offset", typeof(long), [], typeof(FieldOffsets).Module, skipVisibility: true);
        var il = method.GetILGenerator();
        il.DeclareLocal(type);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Ret);
        return (int)method.CreateDelegate<Measure>()();
    }
}
