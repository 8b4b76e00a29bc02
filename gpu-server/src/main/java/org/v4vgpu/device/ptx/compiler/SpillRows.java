package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/** Where registers are kept while threads wait: a row of an array for those that differ, one place per block for the others. */
final class SpillRows {
    private final Map<Integer, Integer> rows = new HashMap<>();
    private final Map<TypeKind, Integer> counts = new EnumMap<>(TypeKind.class);
    private int uniforms;

    SpillRows(FlowGraph graph, Regions regions, TypeKind[] kinds) {
        BitSet kept = new BitSet();
        for (Regions.Continuation continuation : regions.continuations()) {
            if (continuation.id() > 0) {
                BitSet live = (BitSet) graph.liveIn(continuation.block()).clone();
                if (continuation.sync() != null) {
                    continuation.sync().definitions().forEach(live::clear);
                }
                kept.or(live);
            }
        }
        kept.stream().forEach(register -> {
            boolean varying = regions.varying().get(register);
            rows.put(register, varying ? counts.merge(kinds[register], 1, Integer::sum) - 1 : uniforms++);
        });
    }

    /** Whether the register has a place there. */
    boolean isKept(int register) {
        return rows.containsKey(register);
    }

    int row(int register) {
        Integer row = rows.get(register);
        if (row == null) {
            throw new IllegalStateException("register " + register + " is not kept");
        }
        return row;
    }

    int count(TypeKind kind) {
        return counts.getOrDefault(kind, 0);
    }

    int uniforms() {
        return uniforms;
    }
}
