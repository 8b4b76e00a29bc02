package org.v4vgpu.device.ptx.compiler;

import java.lang.constant.MethodTypeDesc;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Statement;

/** The functions that a kernel calls, directly or not. */
final class CallGraph {
    /** Stack of a kernel with recursion. Source: the default of CU_LIMIT_STACK_SIZE is 1 KiB; ours holds only arrays. */
    private static final int RECURSIVE_STACK = 16 << 10;

    private final IdentityHashMap<Function, List<Function>> callees = new IdentityHashMap<>();
    private final IdentityHashMap<Function, Integer> depths = new IdentityHashMap<>();
    private final Set<MethodTypeDesc> pointerTypes = new LinkedHashSet<>();
    private final Function entry;

    private CallGraph(Function entry) {
        this.entry = entry;
    }

    static CallGraph from(Function entry, ModuleLayout module) {
        CallGraph graph = new CallGraph(entry);
        graph.visit(module);
        return graph;
    }

    List<Function> functions() {
        return callees.keySet().stream().filter(function -> !function.entry()).toList();
    }

    /** The types of the calls through pointers. */
    Set<MethodTypeDesc> pointerTypes() {
        return pointerTypes;
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

    private void visit(ModuleLayout module) {
        Deque<Function> open = new ArrayDeque<>(List.of(entry));
        while (!open.isEmpty()) {
            Function function = open.pop();
            if (!callees.containsKey(function)) {
                List<Function> found = calledBy(function, module);
                callees.put(function, found);
                open.addAll(found);
            }
        }
    }

    private List<Function> calledBy(Function function, ModuleLayout module) {
        Set<Function> found = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Statement statement : function.body()) {
            Call call = statement instanceof Instruction i && i.opcode().equals("call") ? Call.parse(i) : null;
            if (call == null) {
                continue;
            }
            MethodTypeDesc pointer = call.pointerType(module);
            if (pointer != null) {
                pointerTypes.add(pointer);
                module.pointedFunctions().stream()
                        .filter(callee -> CallEmitter.descriptor(callee).equals(pointer))
                        .forEach(found::add);
            } else {
                Function callee = module.function(call.name());
                if (callee != null && callee.defined() && !callee.entry()) {
                    found.add(callee);
                }
            }
        }
        return List.copyOf(found);
    }
}
