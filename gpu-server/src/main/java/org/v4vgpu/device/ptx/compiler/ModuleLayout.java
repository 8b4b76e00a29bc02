package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.GenericAccess;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.PtxModule;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Statement;
import org.v4vgpu.device.ptx.syntax.Variable;

/** The names of a module: variables that get an address when it is loaded, by index; shared variables; functions. Immutable. */
public final class ModuleLayout {
    private static final long CONSTANT_BYTES = 64 << 10;
    private static final long FUNCTION_ALIGNMENT = 128;

    private final List<Variable> addressed = new ArrayList<>();
    private final Map<String, Integer> indexes = new HashMap<>();
    private final Map<String, Variable> shared = new HashMap<>();
    private final Map<String, Function> functions = new HashMap<>();
    private final List<Function> reachable = new ArrayList<>();
    private final Map<String, Long> functionAddresses = new HashMap<>();
    private final long constantBytes;

    public ModuleLayout(PtxModule module) {
        long constants = 0;
        for (Variable variable : module.variables()) {
            if (variable.space() == Space.SHARED) {
                shared.put(variable.name(), variable);
                continue;
            }
            if (variable.external() || variable.bytes() == 0) {
                throw new PtxErrors.Refusal(variable.line(), variable.name() + ": variable without definition");
            }
            if (indexes.put(variable.name(), addressed.size()) != null) {
                throw new PtxErrors.Refusal(variable.line(), variable.name() + ": defined twice");
            }
            addressed.add(variable);
            constants += variable.space() == Space.CONST ? variable.bytes() : 0;
            if (constants > CONSTANT_BYTES) {
                throw new PtxErrors.Refusal(variable.line(), variable.name() + ": more than 64 KiB of constants");
            }
        }
        constantBytes = constants;
        for (Function function : module.functions()) {
            functions.put(function.name(), function);
            if (!function.entry()) {
                // Aligned as code is on GPUs; the first is not at the beginning, so that none is a null pointer there.
                functionAddresses.put(
                        function.name(), GenericAccess.FUNCTION_WINDOW + FUNCTION_ALIGNMENT * functions.size());
            }
        }
        findPointers(module);
    }

    /** Checks the addresses in initial values, and finds the functions that can be called through a pointer. */
    private void findPointers(PtxModule module) {
        Set<String> pointed = new HashSet<>();
        for (Variable variable : addressed) {
            for (Variable.Reference reference : variable.references()) {
                if (!indexes.containsKey(reference.symbol()) && !functionAddresses.containsKey(reference.symbol())) {
                    throw new PtxErrors.Refusal(
                            reference.line(), reference.symbol() + ": no such variable or function");
                }
                pointed.add(reference.symbol());
            }
        }
        for (Function function : module.functions()) {
            for (Statement statement : function.body()) {
                if (statement instanceof Instruction move
                        && move.opcode().equals("mov")
                        && move.operand(1) instanceof Operand.Symbol symbol) {
                    pointed.add(symbol.name());
                }
            }
        }
        for (Function function : module.functions()) {
            if (!function.entry() && function.defined() && pointed.contains(function.name())) {
                reachable.add(function);
            }
        }
    }

    /** The functions whose address something takes. */
    List<Function> pointedFunctions() {
        return reachable;
    }

    /** What stands for a function in a register or in memory; 0 for what is no function. */
    public long functionAddress(String name) {
        return functionAddresses.getOrDefault(name, 0L);
    }

    /** The variables that need memory, in the order of their indexes. */
    public List<Variable> addressed() {
        return addressed;
    }

    /** The index of a global or constant variable, or -1. */
    public int index(String name) {
        return indexes.getOrDefault(name, -1);
    }

    public long constantBytes() {
        return constantBytes;
    }

    @Nullable
    Variable shared(String name) {
        return shared.get(name);
    }

    @Nullable
    Function function(String name) {
        return functions.get(name);
    }
}
