package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An instruction as written, its modifiers split into types and the rest.
 *
 * @param guard the predicate register in front, or null
 * @param modifiers without dots, in their order, types excluded
 * @param types in their order
 * @param carry the register of the condition code, for what reads or writes it, or -1
 */
public record Instruction(
        @Nullable Guard guard,
        String opcode,
        List<String> modifiers,
        List<Type> types,
        List<Operand> operands,
        String written,
        int line,
        int carry)
        implements Statement {

    /** {@code @p} or {@code @!p}. */
    public record Guard(int register, boolean negated) {}

    /** An instruction of the compiler's own, without guard or modifiers. */
    public static Instruction made(String opcode, List<Type> types, List<Operand> operands, int line) {
        return new Instruction(null, opcode, List.of(), types, operands, opcode, line, -1);
    }

    Instruction withOperands(List<Operand> others) {
        return new Instruction(guard, opcode, modifiers, types, List.copyOf(others), written, line, carry);
    }

    public boolean has(String modifier) {
        return modifiers.contains(modifier);
    }

    /** The first of these modifiers that stands here, or the empty word. */
    public String oneOf(String... choices) {
        for (String choice : choices) {
            if (modifiers.contains(choice)) {
                return choice;
            }
        }
        return "";
    }

    /** The (first) type; B32 where an instruction has none. */
    public Type type() {
        return types.isEmpty() ? Type.B32 : types.getFirst();
    }

    /** The last type: the source's of a conversion. */
    public Type lastType() {
        return types.isEmpty() ? Type.B32 : types.getLast();
    }

    public Operand operand(int index) {
        return operands.get(index);
    }

    public Space space() {
        for (String modifier : modifiers) {
            Space space = Space.named(modifier);
            if (space != Space.GENERIC) {
                return space;
            }
        }
        return Space.GENERIC;
    }

    /** Elements per access: 1, 2, 4 or 8. */
    public int vectorLength() {
        return has("v2") ? 2 : has("v4") ? 4 : has("v8") ? 8 : 1;
    }

    /** The registers that it writes. */
    public List<Integer> definitions() {
        List<Integer> found = new ArrayList<>();
        int count = InstructionSet.destinations(opcode);
        for (int i = 0; i < Math.min(count, operands.size()); i++) {
            registers(operands.get(i), found);
        }
        if (opcode.equals("st") && operands.getFirst() instanceof Operand.ParameterValue value) {
            found.add(value.register());
        }
        if (opcode.equals("call") && operands.getFirst() instanceof Operand.Group results) {
            registers(results, found);
        }
        if (has("cc")) {
            found.add(carry);
        }
        return found;
    }

    /** Whether it takes the carry of an earlier instruction. */
    public boolean readsCarry() {
        return opcode.equals("addc") || opcode.equals("subc") || opcode.equals("madc");
    }

    /** The registers that it reads. */
    public List<Integer> uses() {
        List<Integer> found = new ArrayList<>();
        if (readsCarry()) {
            found.add(carry);
        }
        if (guard != null) {
            found.add(guard.register());
        }
        int first = InstructionSet.destinations(opcode);
        if (opcode.equals("call") && operands.getFirst() instanceof Operand.Group) {
            first = 1;
        }
        if (opcode.equals("st") && operands.getFirst() instanceof Operand.ParameterValue) {
            first = 1;
        }
        for (int i = first; i < operands.size(); i++) {
            registers(operands.get(i), found);
        }
        return found;
    }

    private static void registers(Operand operand, List<Integer> into) {
        switch (operand) {
            case Operand.Register register -> into.add(register.index());
            case Operand.Address address -> registers(address.base(), into);
            case Operand.ParameterValue value -> into.add(value.register());
            case Operand.ParameterPointer pointer -> into.add(pointer.register());
            case Operand.Vector vector -> vector.elements().forEach(element -> registers(element, into));
            case Operand.Group group -> group.elements().forEach(element -> registers(element, into));
            case Operand.Negated negated -> into.add(negated.register().index());
            case Operand.Pair pair -> {
                registers(pair.first(), into);
                registers(pair.second(), into);
            }
            case Operand.Special _,
                    Operand.IntegerLiteral _,
                    Operand.RealLiteral _,
                    Operand.Symbol _,
                    Operand.Named _,
                    Operand.Targets _,
                    Operand.Prototype _,
                    Operand.Sink _ -> {}
        }
    }
}
