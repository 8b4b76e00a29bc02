package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Nested scopes of names; registers of a function are numbered as they are used. */
final class Scope {
    /** What a name stands for. */
    sealed interface Meaning {}

    record RegisterName(int index) implements Meaning {}

    record ScalarParameter(int register) implements Meaning {}

    record PointerParameter(int register) implements Meaning {}

    /** A variable of the function's frame, or an entry's parameter. */
    record OwnVariable(Variable variable) implements Meaning {}

    record ModuleVariable(Variable variable) implements Meaning {}

    /** A list of labels or functions, or a prototype: what stands in its place as an operand. */
    record Declared(Operand operand) implements Meaning {}

    private record Range(String prefix, int count, Type type) {}

    private record Level(Map<String, Meaning> names, List<Range> ranges) {}

    private static final int MOST_REGISTERS = 30_000;

    private final Deque<Level> levels = new ArrayDeque<>();
    private final List<Type> registers = new ArrayList<>();

    private int carryRegister = -1;

    Scope() {
        enter();
    }

    /** The scope of a function within a module's. */
    static Scope within(Scope module) {
        Scope scope = new Scope();
        scope.levels.addLast(module.levels.getLast());
        return scope;
    }

    void enter() {
        levels.push(new Level(new HashMap<>(), new ArrayList<>()));
    }

    void leave() {
        levels.pop();
    }

    int depth() {
        return levels.size();
    }

    List<Type> registers() {
        return registers;
    }

    void put(String name, Meaning meaning) {
        top().names.put(name, meaning);
    }

    int newRegister(Type type, int line) {
        if (registers.size() >= MOST_REGISTERS) {
            throw new PtxErrors.Refusal(line, "more than " + MOST_REGISTERS + " registers");
        }
        registers.add(type);
        return registers.size() - 1;
    }

    /** The register that holds the condition code, CC.CF. */
    int carryRegister(int line) {
        if (carryRegister < 0) {
            carryRegister = newRegister(Type.PRED, line);
        }
        return carryRegister;
    }

    void putRange(String prefix, int count, Type type) {
        top().ranges.add(new Range(prefix, count, type));
    }

    @Nullable
    Meaning find(String name, int line) {
        for (Level level : levels) {
            Meaning meaning = level.names.get(name);
            if (meaning != null) {
                return meaning;
            }
            for (Range range : level.ranges) {
                if (name.startsWith(range.prefix) && isIndex(name.substring(range.prefix.length()), range.count)) {
                    RegisterName register = new RegisterName(newRegister(range.type, line));
                    level.names.put(name, register);
                    return register;
                }
            }
        }
        return null;
    }

    private Level top() {
        Level level = levels.peek();
        if (level == null) {
            throw new IllegalStateException("no scope");
        }
        return level;
    }

    private static boolean isIndex(String digits, int count) {
        if (digits.isEmpty() || digits.length() > 9 || (digits.length() > 1 && digits.charAt(0) == '0')) {
            return false;
        }
        int value = 0;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c < '0' || c > '9') {
                return false;
            }
            value = 10 * value + (c - '0');
        }
        return value < count;
    }
}
