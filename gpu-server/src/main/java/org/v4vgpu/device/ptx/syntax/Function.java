package org.v4vgpu.device.ptx.syntax;

import java.util.List;

/**
 * An entry or a function.
 *
 * @param results of a function: scalars, or arrays that the caller owns
 * @param resultRegisters the register of each result
 * @param parameterRegisters the register of each parameter of a function; empty for an entry
 * @param registers the type of each register
 * @param frame the variables of the function's own local frame
 * @param shared the shared variables declared inside
 * @param maxThreads x, y, z of .maxntid, or empty
 * @param requiredThreads x, y, z of .reqntid, or empty
 * @param defined false for a declaration without body
 */
public record Function(
        String name,
        boolean entry,
        List<Variable> results,
        List<Integer> resultRegisters,
        List<Variable> parameters,
        List<Integer> parameterRegisters,
        List<Type> registers,
        List<Variable> frame,
        List<Variable> shared,
        List<Statement> body,
        List<Integer> maxThreads,
        List<Integer> requiredThreads,
        boolean defined,
        int line) {

    /** The same with other statements. */
    public Function withBody(List<Statement> statements) {
        return new Function(
                name,
                entry,
                results,
                resultRegisters,
                parameters,
                parameterRegisters,
                registers,
                frame,
                shared,
                statements,
                maxThreads,
                requiredThreads,
                defined,
                line);
    }
}
