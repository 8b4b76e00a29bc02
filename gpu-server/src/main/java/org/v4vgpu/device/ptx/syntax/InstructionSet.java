package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** The instructions that run, those of {@link InstructionTable}. What is not in it is refused. Immutable. */
public final class InstructionSet {
    /** With it a last operand is there, which says how long the second-level cache is to keep what is accessed. */
    static final String HINT = "L2::cache_hint";

    private static final Map<String, List<Form>> FORMS = new HashMap<>();

    static {
        InstructionTable.TEXT.lines().forEach(line -> {
            String[] cells = line.split("\\|", -1);
            FORMS.computeIfAbsent(cells[0].strip(), _ -> new ArrayList<>())
                    .add(Form.of(cells[1].strip(), cells[2].strip(), cells[3].strip()));
        });
    }

    /**
     * A line of the table.
     *
     * @param types what may be the first type, the second, ...
     * @param least how many of these must be there
     * @param deciding the modifiers that change what is computed
     * @param modifiers all of them
     */
    private record Form(
            List<Set<Type>> types, int least, Set<String> deciding, Set<String> modifiers, String operands) {

        static Form of(String types, String modifiers, String operands) {
            List<Set<Type>> places = new ArrayList<>();
            int least = 0;
            if (types.startsWith("1-4 ")) {
                places.addAll(Collections.nCopies(4, typesOf(types.substring(4))));
                least = 1;
            } else if (!types.equals("-")) {
                for (String place : types.split("<", -1)) {
                    places.add(typesOf(place));
                }
                least = places.size();
            }
            String[] parts = modifiers.split(";", -1);
            Set<String> deciding = words(parts[0]);
            Set<String> all = new HashSet<>(deciding);
            all.addAll(parts.length > 1 ? words(parts[1]) : Set.of());
            return new Form(places, least, deciding, all, operands);
        }

        private static Set<Type> typesOf(String cell) {
            Set<Type> found = EnumSet.noneOf(Type.class);
            for (String name : words(cell)) {
                Type type = Type.named(name);
                if (type != null) {
                    found.add(type);
                }
            }
            return found;
        }

        boolean takes(List<Type> given) {
            if (given.size() < least || given.size() > types.size()) {
                return false;
            }
            for (int i = 0; i < given.size(); i++) {
                if (!types.get(i).contains(given.get(i))) {
                    return false;
                }
            }
            return true;
        }

        /** What of it is to be tested, each by a name: its types, each modifier alone and, if it decides, with each of the types. */
        void name(String opcode, Set<String> into) {
            into.add(opcode);
            modifiers.forEach(modifier -> into.add(opcode + " ." + modifier));
            List<String> tuples = new ArrayList<>(List.of(""));
            if (least == types.size()) {
                for (Set<Type> place : types) {
                    tuples = tuples.stream()
                            .flatMap(head -> place.stream().map(type -> head + "." + type.ptxName()))
                            .toList();
                }
            } else {
                types.getFirst().forEach(type -> into.add(opcode + " *." + type.ptxName()));
                return;
            }
            for (String tuple : tuples) {
                into.add(opcode + " " + tuple);
                deciding.stream()
                        .filter(word -> Type.named(word) == null)
                        .forEach(word -> into.add(opcode + " " + tuple + " ." + word));
            }
        }
    }

    private InstructionSet() {}

    /** How many of the first operands are written. */
    static int destinations(String opcode) {
        List<Form> forms = FORMS.get(opcode);
        return forms != null
                        && !forms.getFirst().operands.isEmpty()
                        && "dVP".indexOf(forms.getFirst().operands.charAt(0)) >= 0
                ? 1
                : 0;
    }

    /**
     * The names of all that the table holds: {@code mul}, {@code mul .sat}, {@code mul .f32}, {@code mul .f32 .sat}; of types that may
     * be mixed freely {@code mma *.f16}. {@link #names} gives those of one instruction.
     */
    static Set<String> names() {
        Set<String> found = new TreeSet<>();
        FORMS.forEach((opcode, forms) -> forms.forEach(form -> form.name(opcode, found)));
        return found;
    }

    /** The names, among those of {@link #names()}, of what an instruction has. */
    public static Set<String> names(Instruction instruction) {
        Set<String> found = new TreeSet<>();
        String opcode = instruction.opcode();
        found.add(opcode);
        StringBuilder tuple = new StringBuilder();
        for (Type type : instruction.types()) {
            tuple.append('.').append(type.ptxName());
            found.add(opcode + " *." + type.ptxName());
        }
        found.add(opcode + " " + tuple);
        for (String modifier : instruction.modifiers()) {
            found.add(opcode + " ." + modifier);
            found.add(opcode + " " + tuple + " ." + modifier);
        }
        return found;
    }

    static boolean knows(String opcode) {
        return opcode.equals("call") || FORMS.containsKey(opcode);
    }

    /**
     * What an instruction comes to, if the table holds it: itself, or itself without a hint to the cache.
     *
     * @throws PtxErrors.Refusal if not
     */
    static Instruction checked(Instruction instruction) {
        List<Operand> operands = instruction.operands();
        if (!instruction.has(HINT) || operands.isEmpty()) {
            check(instruction);
            return instruction;
        }
        if (!fits(operands.getLast(), 's')) {
            throw refusal(instruction, "unsupported operand " + operands.size());
        }
        Instruction bare = instruction.withOperands(operands.subList(0, operands.size() - 1));
        check(bare);
        return bare;
    }

    private static void check(Instruction instruction) {
        if (instruction.opcode().equals("call")) {
            if (instruction.modifiers().stream().anyMatch(word -> !word.equals("uni"))) {
                throw refusal(instruction, "unsupported modifier of call");
            }
            return;
        }
        List<Form> forms = Objects.requireNonNull(FORMS.get(instruction.opcode()), "the parser asks knows() first");
        for (String modifier : instruction.modifiers()) {
            if (forms.stream().noneMatch(form -> form.modifiers.contains(modifier))) {
                throw refusal(instruction, "unsupported modifier ." + modifier);
            }
        }
        List<Form> typed =
                forms.stream().filter(form -> form.takes(instruction.types())).toList();
        if (typed.isEmpty()) {
            throw refusal(instruction, wrongTypes(instruction.types(), forms));
        }
        List<Form> whole = typed.stream()
                .filter(form -> form.modifiers.containsAll(instruction.modifiers()))
                .toList();
        if (whole.isEmpty()) {
            throw refusal(instruction, "unsupported modifier ." + wrongModifier(instruction.modifiers(), typed));
        }
        List<String> objections = whole.stream()
                .map(form -> objection(instruction.operands(), form.operands))
                .toList();
        if (!objections.contains("")) {
            throw refusal(instruction, objections.getFirst());
        }
    }

    static PtxErrors.Refusal refusal(Instruction instruction, String reason) {
        return new PtxErrors.Refusal(instruction.line(), instruction.written() + ": " + reason);
    }

    private static String wrongTypes(List<Type> given, List<Form> forms) {
        List<Form> counted = forms.stream()
                .filter(form -> given.size() >= form.least && given.size() <= form.types.size())
                .toList();
        if (counted.isEmpty()) {
            return "takes " + forms.getFirst().types.size() + " types";
        }
        for (int i = 0; i < given.size(); i++) {
            int place = i;
            if (counted.stream().noneMatch(form -> form.types.get(place).contains(given.get(place)))) {
                return "unsupported type ." + given.get(i).ptxName();
            }
        }
        return "unsupported combination of types";
    }

    /** The first that does not go with those before it. */
    private static String wrongModifier(List<String> given, List<Form> forms) {
        for (int n = 1; n < given.size(); n++) {
            List<String> head = given.subList(0, n);
            if (forms.stream().noneMatch(form -> form.modifiers.containsAll(head))) {
                return head.getLast();
            }
        }
        return given.getLast();
    }

    /** What is wrong with the operands, or an empty word. */
    private static String objection(List<Operand> operands, String pattern) {
        int optional = pattern.indexOf('?');
        String shape = pattern.replace("?", "");
        int least = optional < 0 ? shape.length() : optional;
        if (operands.size() < least || operands.size() > shape.length()) {
            return operands.size() + " operands";
        }
        for (int i = 0; i < operands.size(); i++) {
            if (!fits(operands.get(i), shape.charAt(i))) {
                return "unsupported operand " + (i + 1);
            }
        }
        return "";
    }

    private static boolean fits(Operand operand, char place) {
        return switch (operand) {
            case Operand.Register _ -> "dVPsvp".indexOf(place) >= 0;
            case Operand.Sink _ -> "dVP".indexOf(place) >= 0;
            case Operand.Pair pair -> place == 'P' && fits(pair.first(), 'd') && fits(pair.second(), 'd');
            case Operand.Vector vector ->
                (place == 'V' && vector.elements().stream().allMatch(e -> fits(e, 'd')))
                        || (place == 'v' && vector.elements().stream().allMatch(e -> fits(e, 's')));
            case Operand.Special _, Operand.Named _ -> place == 'v' || place == 's';
            case Operand.Symbol _ -> place == 'l' || place == 'v' || place == 's';
            case Operand.IntegerLiteral _, Operand.RealLiteral _ -> place == 's' || place == 'v' || place == 'p';
            case Operand.Address _, Operand.ParameterValue _, Operand.ParameterPointer _ -> place == 'm';
            case Operand.Negated _ -> place == 'p' || place == 's';
            case Operand.Targets _ -> place == 'l';
            case Operand.Group _, Operand.Prototype _ -> false;
        };
    }

    private static Set<String> words(String cell) {
        Set<String> found = new HashSet<>();
        for (String word : cell.strip().split("\\s+", -1)) {
            if (word.isEmpty() || word.equals("-")) {
                continue;
            }
            String group = InstructionTable.GROUPS.get(word);
            if (group == null) {
                found.add(word);
            } else {
                found.addAll(words(group));
            }
        }
        return found;
    }
}
