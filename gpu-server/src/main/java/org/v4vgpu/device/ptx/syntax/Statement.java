package org.v4vgpu.device.ptx.syntax;

/** A line of a function's body. */
public sealed interface Statement permits Instruction, Statement.Label {
    int line();

    /** A branch target. */
    record Label(String name, int line) implements Statement {}
}
