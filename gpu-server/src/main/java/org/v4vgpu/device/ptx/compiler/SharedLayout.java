package org.v4vgpu.device.ptx.compiler;

import java.util.IdentityHashMap;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Statement;
import org.v4vgpu.device.ptx.syntax.Variable;

/** The shared memory of a kernel and the functions that it calls: the variables that they name, then the dynamic part. */
final class SharedLayout {
    /** Source: CUDA C++ programming guide, static shared memory per block. */
    private static final int MOST_STATIC = 48 << 10;

    private final ModuleLayout module;
    private final IdentityHashMap<Variable, Integer> addresses = new IdentityHashMap<>();
    private long end;

    /** Of the dynamic part: at least that of the widest access. */
    private long dynamicAlign = 16;

    SharedLayout(ModuleLayout module, Iterable<Function> functions) {
        this.module = module;
        for (Function function : functions) {
            function.shared().forEach(this::place);
            for (Statement statement : function.body()) {
                if (statement instanceof Instruction instruction) {
                    instruction.operands().forEach(this::visit);
                }
            }
        }
        end = end + dynamicAlign - 1 & -dynamicAlign;
        addresses.replaceAll((variable, address) -> isDynamic(variable) ? (int) end : address);
    }

    int address(Variable variable) {
        Integer address = addresses.get(variable);
        if (address == null) {
            throw new IllegalStateException(variable.name() + " has no place");
        }
        return address;
    }

    int bytes() {
        return (int) end;
    }

    private void visit(Operand operand) {
        switch (operand) {
            case Operand.Address address -> visit(address.base());
            case Operand.Symbol symbol -> {
                Variable variable = module.shared(symbol.name());
                if (variable != null) {
                    place(variable);
                }
            }
            default -> {}
        }
    }

    private void place(Variable variable) {
        if (addresses.containsKey(variable)) {
            return;
        }
        long start = end + variable.align() - 1 & -variable.align();
        addresses.put(variable, (int) start);
        if (isDynamic(variable)) {
            dynamicAlign = Math.max(dynamicAlign, variable.align());
        } else {
            end = start + variable.bytes();
        }
        if (end > MOST_STATIC) {
            throw new PtxErrors.Refusal(
                    variable.line(), variable.name() + ": more than 48 KiB of static shared memory");
        }
    }

    private static boolean isDynamic(Variable variable) {
        return variable.external() || variable.bytes() == 0;
    }
}
