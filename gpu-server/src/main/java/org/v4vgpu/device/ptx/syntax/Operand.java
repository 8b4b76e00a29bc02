package org.v4vgpu.device.ptx.syntax;

import java.util.List;

/** An operand, with registers resolved to their index in the function. */
public sealed interface Operand {
    /** A register. */
    record Register(int index) implements Operand {}

    /** A special register such as {@code %tid.x}. */
    record Special(String name) implements Operand {}

    /** An integer constant, as 64 bits. */
    record IntegerLiteral(long value) implements Operand {}

    /** A floating-point constant. Those written as 0f... are exact floats. */
    record RealLiteral(double value) implements Operand {}

    /** The address of a variable, or a label, or a function. */
    record Symbol(String name, long offset) implements Operand {}

    /** A variable of the function's own frame or an entry's parameter. */
    record Named(Variable variable, long offset) implements Operand {}

    /** {@code [base + offset]}. */
    record Address(Operand base, long offset) implements Operand {}

    /** {@code [name + offset]} where the name is a scalar {@code .param}, which lives in a register. */
    record ParameterValue(int register, long offset) implements Operand {}

    /** {@code [name + offset]} where the name is a {@code .param} array, to which a register points. */
    record ParameterPointer(int register, long offset) implements Operand {}

    /** {@code {a, b}}. */
    record Vector(List<Operand> elements) implements Operand {}

    /** {@code !p} or {@code -a}. */
    record Negated(Register register) implements Operand {}

    /** {@code d|p}. */
    record Pair(Operand first, Operand second) implements Operand {}

    /** {@code _}: nothing is wanted. */
    record Sink() implements Operand {}

    /** The labels or functions that a list declares: {@code .branchtargets} and {@code .calltargets}. */
    record Targets(List<String> names) implements Operand {}

    /** What a {@code .callprototype} declares. */
    record Prototype(List<Variable> results, List<Variable> parameters) implements Operand {}

    /** {@code (a, b)} of a call. */
    record Group(List<Operand> elements) implements Operand {}
}
