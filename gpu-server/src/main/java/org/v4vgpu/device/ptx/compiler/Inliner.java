package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Statement;
import org.v4vgpu.device.ptx.syntax.Type;
import org.v4vgpu.device.ptx.syntax.Variable;

/**
 * Puts the functions in which threads wait for each other, or exit, in the place of their calls: a thread that waits leaves its
 * method, which only a kernel's own can do. Compilers write such functions where they were told not to optimise. All copies of a
 * function share its registers and frame, since none is called while it runs.
 */
final class Inliner {
    private static final int MOST_STATEMENTS = 100_000;
    private static final int MOST_REGISTERS = 30_000;
    private static final int DEEPEST = 256;

    private final ModuleLayout module;
    private final Set<Function> waiting;
    private final Function entry;
    private final List<Type> registers;
    private final List<Variable> frame;
    private final List<Variable> shared;
    private final List<Statement> body = new ArrayList<>();
    private final IdentityHashMap<Function, Integer> firstRegisters = new IdentityHashMap<>();
    private final Deque<Function> open = new ArrayDeque<>();
    private int copies;

    private Inliner(Function entry, ModuleLayout module, Set<Function> waiting) {
        this.entry = entry;
        this.module = module;
        this.waiting = waiting;
        this.registers = new ArrayList<>(entry.registers());
        this.frame = new ArrayList<>(entry.frame());
        this.shared = new ArrayList<>(entry.shared());
    }

    /** The entry with such functions in it, or as it was if it calls none. */
    static Function inline(Function entry, ModuleLayout module, CompileBudget budget) {
        Set<Function> waiting = waiting(entry, module, budget);
        waiting.remove(entry);
        if (waiting.isEmpty()) {
            return entry;
        }
        Inliner inliner = new Inliner(entry, module, waiting);
        inliner.copy(entry, 0, "", "");
        return new Function(
                entry.name(),
                true,
                entry.results(),
                entry.resultRegisters(),
                entry.parameters(),
                entry.parameterRegisters(),
                List.copyOf(inliner.registers),
                List.copyOf(inliner.frame),
                List.copyOf(inliner.shared),
                List.copyOf(inliner.body),
                entry.maxThreads(),
                entry.requiredThreads(),
                true,
                entry.line());
    }

    // Which

    /** The functions, among those that the entry calls, in which a thread may wait or exit, directly or not. */
    private static Set<Function> waiting(Function entry, ModuleLayout module, CompileBudget budget) {
        IdentityHashMap<Function, List<Function>> callees = new IdentityHashMap<>();
        Deque<Function> open = new ArrayDeque<>(List.of(entry));
        Set<Function> found = Collections.newSetFromMap(new IdentityHashMap<>());
        while (!open.isEmpty()) {
            Function function = open.pop();
            if (callees.containsKey(function)) {
                continue;
            }
            budget.require(function);
            List<Function> called = new ArrayList<>();
            callees.put(function, called);
            for (Statement statement : function.body()) {
                if (statement instanceof Instruction instruction) {
                    Function callee = callee(instruction, module);
                    if (callee != null) {
                        called.add(callee);
                        open.push(callee);
                    }
                    if (waits(instruction) || (instruction.opcode().equals("exit") && !function.entry())) {
                        found.add(function);
                    }
                }
            }
            if (!function.entry() && SpinLoops.has(function, module, budget)) {
                found.add(function);
            }
        }
        boolean changed = true;
        while (changed) {
            budget.requireTime(entry);
            changed = false;
            for (Function function : callees.keySet()) {
                if (!found.contains(function)
                        && callees.getOrDefault(function, List.of()).stream().anyMatch(found::contains)) {
                    found.add(function);
                    changed = true;
                }
            }
        }
        return found;
    }

    private static boolean waits(Instruction instruction) {
        return FlowGraph.isSynchronizing(instruction) || FlowGraph.isVolatileShared(instruction);
    }

    /** The function with a body that an instruction calls by name, or null. */
    static @Nullable Function callee(Instruction instruction, ModuleLayout module) {
        if (!instruction.opcode().equals("call")) {
            return null;
        }
        Call call = Call.parse(instruction);
        Function callee = call == null ? null : module.function(call.name());
        return callee != null && callee.defined() && !callee.entry() ? callee : null;
    }

    // How

    /**
     * Appends a function's body.
     *
     * @param first what its register 0 becomes
     * @param suffix of its labels
     * @param end the label that ret goes to, or empty for the entry itself
     */
    private void copy(Function function, int first, String suffix, String end) {
        open.push(function);
        for (Statement statement : function.body()) {
            switch (statement) {
                case Statement.Label label -> add(new Statement.Label(label.name() + suffix, label.line()));
                case Instruction instruction -> {
                    Function callee = callee(instruction, module);
                    Instruction renamed = renamed(instruction, first, suffix);
                    if (callee != null && waiting.contains(callee)) {
                        call(renamed, callee);
                    } else if (instruction.opcode().equals("ret") && !end.isEmpty()) {
                        add(branch(renamed.guard(), end, instruction.line()));
                    } else {
                        add(renamed);
                    }
                }
            }
        }
        open.pop();
    }

    private void call(Instruction i, Function callee) {
        if (open.contains(callee)) {
            throw new PtxErrors.Refusal(
                    i.line(),
                    "call: unsupported: " + callee.name()
                            + " is recursive, and threads wait for each other or exit in it");
        }
        if (open.size() >= DEEPEST) {
            throw new PtxErrors.Refusal(
                    i.line(),
                    "call: unsupported: more than " + DEEPEST + " calls in each other down to where threads wait");
        }
        Call call = Call.parse(i);
        if (call == null
                || call.results().elements().size() != callee.results().size()
                || call.arguments().elements().size() != callee.parameters().size()) {
            throw new PtxErrors.Refusal(i.line(), "call: " + callee.name() + ": does not fit its declaration");
        }
        int first = firstRegister(callee, i.line());
        String suffix = "$inline" + copies++;
        String end = "end" + suffix;
        String skip = "skip" + suffix;
        Instruction.Guard guard = i.guard();
        if (guard != null) {
            add(branch(new Instruction.Guard(guard.register(), !guard.negated()), skip, i.line()));
        }
        for (int n = 0; n < callee.results().size(); n++) {
            if (callee.results().get(n).array()) {
                int register = first + callee.resultRegisters().get(n);
                move(register, Type.U32, pointer(call.results().elements().get(n)), i.line());
            }
        }
        for (int n = 0; n < callee.parameters().size(); n++) {
            Variable parameter = callee.parameters().get(n);
            int register = first + callee.parameterRegisters().get(n);
            Operand argument = call.arguments().elements().get(n);
            move(
                    register,
                    parameter.array() ? Type.U32 : parameter.type(),
                    parameter.array() ? pointer(argument) : scalar(argument),
                    i.line());
        }
        copy(callee, first, suffix, end);
        add(new Statement.Label(end, i.line()));
        takeResults(call, callee, first, i.line());
        if (guard != null) {
            add(new Statement.Label(skip, i.line()));
        }
    }

    private void takeResults(Call call, Function callee, int first, int line) {
        for (int n = 0; n < callee.results().size(); n++) {
            Variable result = callee.results().get(n);
            Operand target = call.results().elements().get(n);
            if (!result.array() && scalar(target) instanceof Operand.Register register) {
                move(
                        register.index(),
                        result.type(),
                        new Operand.Register(first + callee.resultRegisters().get(n)),
                        line);
            }
        }
    }

    private int firstRegister(Function callee, int line) {
        Integer known = firstRegisters.get(callee);
        if (known != null) {
            return known;
        }
        int first = registers.size();
        registers.addAll(callee.registers());
        if (registers.size() > MOST_REGISTERS) {
            throw new PtxErrors.Refusal(line, entry.name() + ": more than " + MOST_REGISTERS + " registers");
        }
        frame.addAll(callee.frame());
        shared.addAll(callee.shared());
        firstRegisters.put(callee, first);
        return first;
    }

    private static Operand scalar(Operand argument) {
        return argument instanceof Operand.ParameterValue value ? new Operand.Register(value.register()) : argument;
    }

    private static Operand pointer(Operand argument) {
        return argument instanceof Operand.ParameterPointer pointer
                ? new Operand.Register(pointer.register())
                : argument;
    }

    private void move(int to, Type type, Operand from, int line) {
        add(Instruction.made("mov", List.of(type), List.of(new Operand.Register(to), from), line));
    }

    private static Instruction branch(Instruction.@Nullable Guard guard, String label, int line) {
        return new Instruction(
                guard, "bra", List.of(), List.of(), List.of(new Operand.Symbol(label, 0)), "bra", line, -1);
    }

    private void add(Statement statement) {
        if (body.size() >= MOST_STATEMENTS) {
            throw new PtxErrors.Refusal(
                    entry.line(),
                    entry.name() + ": more than " + MOST_STATEMENTS
                            + " statements, with the functions in which threads wait for each other");
        }
        body.add(statement);
    }

    // Names

    private static Instruction renamed(Instruction i, int first, String suffix) {
        if (first == 0 && suffix.isEmpty()) {
            return i;
        }
        Instruction.Guard guard = i.guard();
        boolean branches = i.opcode().equals("bra") || i.opcode().equals("brx");
        return new Instruction(
                guard == null ? null : new Instruction.Guard(guard.register() + first, guard.negated()),
                i.opcode(),
                i.modifiers(),
                i.types(),
                i.operands().stream()
                        .map(operand -> renamed(operand, first, branches ? suffix : ""))
                        .toList(),
                i.written(),
                i.line(),
                i.carry() < 0 ? i.carry() : i.carry() + first);
    }

    private static Operand renamed(Operand operand, int first, String suffix) {
        return switch (operand) {
            case Operand.Register register -> new Operand.Register(register.index() + first);
            case Operand.Address address ->
                new Operand.Address(renamed(address.base(), first, suffix), address.offset());
            case Operand.ParameterValue value -> new Operand.ParameterValue(value.register() + first, value.offset());
            case Operand.ParameterPointer pointer ->
                new Operand.ParameterPointer(pointer.register() + first, pointer.offset());
            case Operand.Vector vector -> new Operand.Vector(renamed(vector.elements(), first, suffix));
            case Operand.Group group -> new Operand.Group(renamed(group.elements(), first, suffix));
            case Operand.Negated negated ->
                new Operand.Negated(new Operand.Register(negated.register().index() + first));
            case Operand.Pair pair ->
                new Operand.Pair(renamed(pair.first(), first, suffix), renamed(pair.second(), first, suffix));
            case Operand.Symbol symbol -> new Operand.Symbol(symbol.name() + suffix, symbol.offset());
            case Operand.Targets targets ->
                suffix.isEmpty()
                        ? targets
                        : new Operand.Targets(targets.names().stream()
                                .map(name -> name + suffix)
                                .toList());
            case Operand.Special _,
                    Operand.IntegerLiteral _,
                    Operand.RealLiteral _,
                    Operand.Named _,
                    Operand.Prototype _,
                    Operand.Sink _ -> operand;
        };
    }

    private static List<Operand> renamed(List<Operand> operands, int first, String suffix) {
        return operands.stream().map(operand -> renamed(operand, first, suffix)).toList();
    }
}
