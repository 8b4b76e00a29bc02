package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.PtxModule;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Variable;

/** The names of a module: variables that get an address when it is loaded, by index; shared variables; functions. Immutable. */
public final class ModuleLayout {
    private static final long CONSTANT_BYTES = 64 << 10;

    private final List<Variable> addressed = new ArrayList<>();
    private final Map<String, Integer> indexes = new HashMap<>();
    private final Map<String, Variable> shared = new HashMap<>();
    private final Map<String, Function> functions = new HashMap<>();
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
        for (Variable variable : addressed) {
            for (Variable.Reference reference : variable.references()) {
                if (!indexes.containsKey(reference.symbol())) {
                    throw new PtxErrors.Refusal(reference.line(), reference.symbol() + ": no such variable");
                }
            }
        }
        module.functions().forEach(function -> functions.put(function.name(), function));
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
