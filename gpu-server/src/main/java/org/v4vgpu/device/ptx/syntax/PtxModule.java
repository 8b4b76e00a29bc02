package org.v4vgpu.device.ptx.syntax;

import java.util.List;

/**
 * A parsed module.
 *
 * @param version 10 * major + minor
 * @param target the first word of .target, such as sm_75
 * @param variables of the module's scope, and those that functions declare in .global and .const
 * @param source where the text comes from, as far as it says
 */
public record PtxModule(
        int version, String target, List<Variable> variables, List<Function> functions, SourceLines source) {}
