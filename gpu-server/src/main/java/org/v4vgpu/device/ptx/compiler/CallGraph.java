package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Statement;

/** The functions that a kernel calls, directly or not. */
final class CallGraph {
    /** Stack of a kernel with recursion. Source: the default of CU_LIMIT_STACK_SIZE is 1 KiB; ours holds only arrays. */
    private static final int RECURSIVE_STACK = 4096;

    private final IdentityHashMap<Function, List<Function>> callees = new IdentityHashMap<>();
    private final IdentityHashMap<Function, Integer> depths = new IdentityHashMap<>();
    private final Function entry;

    private CallGraph(Function entry) {
        this.entry = entry;
    }

    static CallGraph from(Function entry, ModuleLayout module) {
        CallGraph graph = new CallGraph(entry);
        graph.visit(entry, module);
        return graph;
    }

    List<Function> functions() {
        return callees.keySet().stream().filter(function -> !function.entry()).toList();
    }

    /** The deepest frames below the kernel's own. */
    int stackBytes(KernelContext context) {
        boolean frames = functions().stream()
                .anyMatch(function -> context.frame(function).localBytes() > 0);
        if (!frames) {
            return 0;
        }
        int deepest = deepest(entry, context, Collections.newSetFromMap(new IdentityHashMap<>()));
        return deepest < 0 ? RECURSIVE_STACK : deepest;
    }

    /** Bytes below a function, -1 with recursion. */
    private int deepest(Function function, KernelContext context, Set<Function> above) {
        Integer known = depths.get(function);
        if (known != null) {
            return known;
        }
        int most = 0;
        above.add(function);
        for (Function callee : callees.getOrDefault(function, List.of())) {
            if (above.contains(callee)) {
                return -1;
            }
            int below = deepest(callee, context, above);
            if (below < 0) {
                return -1;
            }
            most = Math.max(most, context.frame(callee).localBytes() + below);
            if (most > Frame.MOST_LOCAL_BYTES) {
                throw new PtxErrors.Refusal(
                        callee.line(), callee.name() + ": calls need more than 512 KiB of local memory");
            }
        }
        above.remove(function);
        depths.put(function, most);
        return most;
    }

    private void visit(Function function, ModuleLayout module) {
        List<Function> found = new ArrayList<>();
        callees.put(function, found);
        for (Statement statement : function.body()) {
            if (statement instanceof Instruction instruction
                    && instruction.opcode().equals("call")) {
                CallEmitter.Call call = CallEmitter.Call.parse(instruction);
                Function callee = call == null ? null : module.function(call.name());
                if (callee != null && callee.defined() && !callee.entry() && !found.contains(callee)) {
                    found.add(callee);
                    if (!callees.containsKey(callee)) {
                        visit(callee, module);
                    }
                }
            }
        }
    }
}
