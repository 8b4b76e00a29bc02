package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Statement;

/**
 * Finds the loops in which a thread waits for what another one writes: locks, flags, grid barriers. Their branches depend on an
 * atomic operation or on a load that may not be cached. Such a loop gets a point where the thread now and then lets others run,
 * without which it would never end, since the threads of a block run one after the other. A compare-and-swap that compares with what
 * it has read before always succeeds in the end and does not count.
 */
final class SpinLoops {
    /** Loops in loops beyond which none is looked for. */
    private static final int DEEPEST = 16;

    /** Passes over a loop after which everything in it is taken to depend on everything. */
    private static final int MOST_ROUNDS = 64;

    private final FlowGraph graph;
    private final ModuleLayout module;
    private final Cycles cycles;
    private final BitSet headers = new BitSet();
    private final Function function;
    private final CompileBudget budget;
    private final IdentityHashMap<Function, Boolean> known = new IdentityHashMap<>();

    private SpinLoops(Function function, FlowGraph graph, ModuleLayout module, CompileBudget budget) {
        this.function = function;
        this.budget = budget;
        this.graph = graph;
        this.module = module;
        this.cycles = new Cycles(graph);
    }

    /** Whether a function has such a loop. */
    static boolean has(Function function, ModuleLayout module, CompileBudget budget) {
        return !find(function, module, budget).isEmpty();
    }

    /** The entry with a mark at the head of each such loop, or as it was if there is none. */
    static Function mark(Function entry, ModuleLayout module, CompileBudget budget) {
        Set<String> labels = find(entry, module, budget);
        if (labels.isEmpty()) {
            return entry;
        }
        List<Statement> body = new ArrayList<>();
        for (Statement statement : entry.body()) {
            body.add(statement);
            if (statement instanceof Statement.Label label && labels.contains(label.name())) {
                body.add(Instruction.made(FlowGraph.SPIN, List.of(), List.of(), label.line()));
            }
        }
        return entry.withBody(List.copyOf(body));
    }

    /** The labels at the heads of such loops. */
    private static Set<String> find(Function function, ModuleLayout module, CompileBudget budget) {
        boolean possible = function.body().stream()
                .anyMatch(statement -> statement instanceof Instruction i
                        && (mayWait(i) || i.opcode().equals("call")));
        if (!possible) {
            return Set.of();
        }
        FlowGraph graph = FlowGraph.shape(function);
        SpinLoops loops = new SpinLoops(function, graph, module, budget);
        BitSet all = new BitSet();
        all.set(0, graph.blocks().size());
        loops.search(all, 0);
        Set<String> labels = new HashSet<>();
        loops.headers.stream().forEach(block -> labels.add(graph.label(block)));
        labels.remove("");
        return labels;
    }

    /** Looks at each loop among some blocks, then at the loops inside of it. */
    private void search(BitSet blocks, int depth) {
        if (depth > DEEPEST) {
            return;
        }
        for (BitSet loop : cycles.among(blocks)) {
            budget.requireTime(function);
            int header = loop.nextSetBit(0);
            BitSet rest = (BitSet) loop.clone();
            rest.clear(header);
            BitSet own = (BitSet) loop.clone();
            for (BitSet inner : cycles.among(rest)) {
                own.andNot(inner);
            }
            if (waits(loop, own)) {
                headers.set(header);
            }
            search(rest, depth + 1);
        }
    }

    /** Whether a branch of the loop's own blocks depends on what other threads may write. */
    private boolean waits(BitSet loop, BitSet own) {
        boolean yields = instructions(loop)
                .anyMatch(i -> i.opcode().equals("nanosleep")
                        || i.opcode().equals("membar")
                        || i.opcode().equals("fence"));
        BitSet read = new BitSet();
        instructions(loop).filter(SpinLoops::reads).forEach(i -> i.definitions().forEach(read::set));
        spread(loop, read);
        BitSet tainted = new BitSet();
        instructions(loop)
                .filter(i -> (yields && reads(i)) || isSource(i, read))
                .forEach(i -> i.definitions().forEach(tainted::set));
        spread(loop, tainted);
        return instructions(own)
                .filter(i -> List.of("bra", "brx", "ret", "exit").contains(i.opcode()))
                .anyMatch(i -> i.uses().stream().anyMatch(tainted::get));
    }

    private Stream<Instruction> instructions(BitSet blocks) {
        return blocks.stream()
                .mapToObj(block -> graph.blocks().get(block))
                .flatMap(block -> block.instructions().stream());
    }

    /** Adds the registers that are computed from those in the set, also by way of the thread's own memory. */
    private void spread(BitSet loop, BitSet registers) {
        boolean stored = false;
        int rounds = 0;
        for (boolean changed = !registers.isEmpty(); changed; ) {
            changed = false;
            if (++rounds > MOST_ROUNDS) {
                registers.set(0, graph.registers());
                return;
            }
            for (Instruction i : (Iterable<Instruction>) instructions(loop)::iterator) {
                boolean loaded = i.opcode().equals("ld") && isOwn(i) && stored;
                boolean reached = loaded || i.uses().stream().anyMatch(registers::get);
                if (reached && i.opcode().equals("st") && isOwn(i) && !stored) {
                    stored = true;
                    changed = true;
                }
                if (reached) {
                    for (int register : i.definitions()) {
                        if (!registers.get(register)) {
                            registers.set(register);
                            changed = true;
                        }
                    }
                }
            }
        }
    }

    /** Whether an access may be one of local memory. */
    private static boolean isOwn(Instruction i) {
        return i.space() == Space.LOCAL || i.space() == Space.GENERIC;
    }

    private static boolean reads(Instruction i) {
        return i.opcode().equals("atom")
                || (i.opcode().equals("ld") && i.space() != Space.PARAM && i.space() != Space.LOCAL);
    }

    /** @param read the registers that depend on memory */
    private boolean isSource(Instruction i, BitSet read) {
        if (i.opcode().equals("call")) {
            Function callee = Inliner.callee(i, module);
            return callee != null && known.computeIfAbsent(callee, this::mayWait);
        }
        boolean retried = i.has("cas")
                && i.operands().size() > 2
                && i.operand(2) instanceof Operand.Register expected
                && read.get(expected.index());
        return mayWait(i) && !retried;
    }

    /** Whether a function, or one that it calls, may be part of waiting. */
    private boolean mayWait(Function function) {
        Set<Function> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Function> open = new ArrayDeque<>(List.of(function));
        while (!open.isEmpty()) {
            Function next = open.pop();
            if (!seen.add(next)) {
                continue;
            }
            budget.require(next);
            for (Statement statement : next.body()) {
                if (statement instanceof Instruction i) {
                    if (mayWait(i)) {
                        return true;
                    }
                    Function callee = Inliner.callee(i, module);
                    if (callee != null) {
                        open.push(callee);
                    }
                }
            }
        }
        return false;
    }

    private static boolean mayWait(Instruction i) {
        return switch (i.opcode()) {
            case "atom", "mbarrier.test_wait", "mbarrier.try_wait", "nanosleep" -> true;
            case "ld" -> !i.oneOf("volatile", "acquire", "relaxed", "cv").isEmpty() && i.space() != Space.LOCAL;
            case "membar", "fence" -> true;
            default -> false;
        };
    }
}
