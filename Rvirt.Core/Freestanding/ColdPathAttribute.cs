using System;

namespace Rvirt.Core.Freestanding;

/// <summary>
/// Tells the compiler that a method, or each method of a type, runs seldom: start-up, reports, restarts. It is compiled for size, and so is
/// everything that only such methods reach; it never becomes part of a method that calls it. What an export without this attribute reaches
/// in any other way is compiled for speed.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Constructor | AttributeTargets.Struct | AttributeTargets.Class)]
public sealed class ColdPathAttribute : Attribute;
