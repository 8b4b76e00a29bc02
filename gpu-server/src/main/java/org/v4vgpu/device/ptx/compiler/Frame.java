package org.v4vgpu.device.ptx.compiler;

import java.util.IdentityHashMap;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Variable;

/** Where the variables of one function lie: in its local frame, in shared memory, in the parameter block. Offsets in bytes. */
final class Frame {
    /** Per thread. Source: CUDA C++ programming guide, technical specifications per compute capability. */
    static final int MOST_LOCAL_BYTES = 512 << 10;

    /** Source: CUDA C++ programming guide, kernel parameters since CUDA 12.1. */
    private static final int MOST_PARAMETER_BYTES = 32_764;

    private final IdentityHashMap<Variable, Integer> offsets = new IdentityHashMap<>();
    private final int localBytes;
    private final int parameterBytes;

    Frame(Function function) {
        int end = 0;
        for (Variable variable : function.frame()) {
            end = place(variable, end, MOST_LOCAL_BYTES);
        }
        localBytes = align(end, 16);
        int parameters = 0;
        if (function.entry()) {
            for (Variable parameter : function.parameters()) {
                parameters = place(parameter, parameters, MOST_PARAMETER_BYTES);
            }
        }
        parameterBytes = parameters;
    }

    boolean holds(Variable variable) {
        return offsets.containsKey(variable);
    }

    int offset(Variable variable) {
        Integer offset = offsets.get(variable);
        if (offset == null) {
            throw new IllegalStateException(variable.name() + " has no place");
        }
        return offset;
    }

    int localBytes() {
        return localBytes;
    }

    int parameterBytes() {
        return parameterBytes;
    }

    static int align(int offset, int alignment) {
        return offset + alignment - 1 & -alignment;
    }

    private int place(Variable variable, int end, int most) {
        int offset = align(end, Math.max(1, variable.align()));
        if (offset + variable.bytes() > most) {
            throw new PtxErrors.Refusal(
                    variable.line(),
                    variable.name() + ": more than " + most + " bytes of "
                            + (most == MOST_LOCAL_BYTES ? "local memory" : "parameters"));
        }
        offsets.put(variable, offset);
        return offset + (int) variable.bytes();
    }
}
