package org.v4vgpu.device.ptx.compiler;

import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;

/**
 * Where a strip has changed memory so that it can't begin its region again: by an atomic operation, by a store to what it has read, or by one
 * that other blocks see at once.
 * Behind, it goes on whatever comes: what can't be done for all at once is done by a thread after the other, and a fault is that of the
 * thread that has it. Found in the order in which a strip runs its blocks, where threads that have parted store and others, that took
 * another way, come after them. Confined to the compiling thread.
 */
final class StripCommits {
    private static final int GLOBAL = 0b001;
    private static final int SHARED = 0b010;
    private static final int LOCAL = 0b100;
    private static final int READ = 0b111;
    private static final int SPACES = 3;
    private static final int ATOMIC = 1 << 6;

    private final Partings partings;
    private final Set<Instruction> commits = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Instruction> behind = Collections.newSetFromMap(new IdentityHashMap<>());

    private StripCommits(Partings partings) {
        this.partings = partings;
    }

    /** @param blocks of a region */
    static StripCommits of(FlowGraph graph, Partings partings, BitSet blocks) {
        StripCommits found = new StripCommits(partings);
        found.search(graph, blocks);
        return found;
    }

    /** Whether it is an atomic operation. */
    static boolean isAtomic(Instruction i) {
        return i.opcode().equals("atom") || i.opcode().equals("red");
    }

    /** Whether there is any such place. */
    boolean isAny() {
        return !commits.isEmpty();
    }

    /** Whether an instruction makes such a place. */
    boolean isCommit(Instruction i) {
        return commits.contains(i);
    }

    /** Whether an instruction may come behind one. */
    boolean isBehind(Instruction i) {
        return behind.contains(i);
    }

    private void search(FlowGraph graph, BitSet blocks) {
        Map<Integer, Integer> before = new HashMap<>();
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int index : blocks.stream().toArray()) {
                int state = before.getOrDefault(index, 0);
                for (Instruction i : graph.blocks().get(index).instructions()) {
                    if ((state & ~READ) != 0) {
                        behind.add(i);
                    }
                    int after = after(state, i);
                    if ((after & ~READ) != 0 && (isAtomic(i) || i.opcode().equals("st"))) {
                        commits.add(i);
                    }
                    state = after;
                }
                for (int follower : partings.followers(index, blocks)) {
                    int old = before.getOrDefault(follower, 0);
                    if ((old | state) != old) {
                        before.put(follower, old | state);
                        changed = true;
                    }
                }
            }
        }
    }

    /** A bit for each space that was read, and one for each that was written after. */
    private static int after(int state, Instruction i) {
        if (isAtomic(i)) {
            return state | ATOMIC;
        }
        if (i.opcode().equals("membar") || i.opcode().equals("fence")) {
            return state | READ; // What is stored after may tell others to change what was stored before.
        }
        int spaces = spaces(i);
        if (isStrong(i) && (spaces & GLOBAL) != 0) {
            // Other blocks see it at once and may answer; and what they have stored may be something else by the time
            // it is read again.
            return state | (i.opcode().equals("st") ? ATOMIC : READ);
        }
        return i.opcode().equals("ld") ? state | spaces : state | (state & spaces) << SPACES;
    }

    private static boolean isStrong(Instruction i) {
        return !i.oneOf("volatile", "relaxed", "release", "acquire", "mmio", "cv")
                .isEmpty();
    }

    /** The spaces that a load or store may access, but for parameters. */
    private static int spaces(Instruction i) {
        if (!isAccess(i)) {
            return 0;
        }
        return switch (i.space()) {
            case GLOBAL, CONST -> GLOBAL;
            case SHARED -> SHARED;
            case LOCAL -> LOCAL;
            case GENERIC -> GLOBAL | SHARED | LOCAL;
            case PARAM -> 0;
        };
    }

    private static boolean isAccess(Instruction i) {
        return (i.opcode().equals("ld") || i.opcode().equals("st"))
                && i.operands().stream().noneMatch(Operand.ParameterValue.class::isInstance);
    }
}
