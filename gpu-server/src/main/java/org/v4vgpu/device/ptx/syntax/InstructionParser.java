package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.List;

/** One instruction with its operands. Source: PTX ISA 4.3 and 6. */
final class InstructionParser {
    private final TokenReader in;
    private final Scope scope;

    InstructionParser(TokenReader in, Scope scope) {
        this.in = in;
        this.scope = scope;
    }

    Instruction instruction() {
        int line = in.line();
        Instruction.Guard guard = null;
        if (in.accept("@")) {
            boolean negated = in.accept("!");
            guard = new Instruction.Guard(register(in.word(), line), negated);
        }
        String opcode = in.word();
        StringBuilder written = new StringBuilder(opcode);
        List<String> modifiers = new ArrayList<>();
        List<Type> types = new ArrayList<>();
        while (in.peek().kind() == Token.Kind.DOTTED) {
            String word = in.next().text();
            written.append('.').append(word);
            Type type = Type.named(word);
            if (type == null) {
                modifiers.add(word);
            } else {
                types.add(type);
            }
        }
        if (!InstructionSet.knows(canonical(opcode, modifiers))) {
            // Before its operands, which may have a form of their own.
            throw new PtxErrors.Refusal(line, written + ": unsupported instruction");
        }
        List<Operand> operands = new ArrayList<>();
        while (!in.accept(";")) {
            operands.add(operand());
            if (in.peek().kind() == Token.Kind.DOTTED) {
                throw new PtxErrors.Refusal(
                        line, written + ": unsupported: part ." + in.peek().text() + " of a register");
            }
            if (!in.peek().is(";")) {
                in.expect(",");
            }
        }
        boolean carries =
                modifiers.contains("cc") || opcode.equals("addc") || opcode.equals("subc") || opcode.equals("madc");
        int carry = carries ? scope.carryRegister(line) : -1;
        Instruction instruction = new Instruction(
                guard,
                canonical(opcode, modifiers),
                List.copyOf(modifiers),
                List.copyOf(types),
                List.copyOf(operands),
                written.toString(),
                line,
                carry);
        return InstructionSet.checked(instruction);
    }

    private static String canonical(String opcode, List<String> modifiers) {
        return switch (opcode) {
            case "bar", "barrier" ->
                modifiers.contains("red") ? "bar.red" : modifiers.contains("warp") ? "bar.warp" : "bar";
            case "mbarrier", "wmma", "createpolicy" ->
                modifiers.isEmpty() ? opcode : opcode + "." + modifiers.getFirst();
            case "cvt" -> modifiers.contains("pack") ? "cvt.pack" : opcode;
            case "cp" -> copy(modifiers);
            default -> opcode;
        };
    }

    /** cp.async.ca and .cg copy; the others wait, or belong to the tensor memory accelerator. */
    private static String copy(List<String> modifiers) {
        if (modifiers.size() < 2 || !modifiers.getFirst().equals("async")) {
            return "cp." + String.join(".", modifiers);
        }
        String what = modifiers.get(1);
        return what.equals("ca") || what.equals("cg") ? "cp.async" : "cp.async." + what;
    }

    private Operand operand() {
        Operand first = simple();
        return in.accept("|") ? new Operand.Pair(first, simple()) : first;
    }

    private Operand simple() {
        Token token = in.peek();
        if (in.accept("[")) {
            return address();
        }
        if (in.accept("{")) {
            return new Operand.Vector(list("}"));
        }
        if (in.accept("(")) {
            return new Operand.Group(list(")"));
        }
        if (in.accept("!")) {
            return new Operand.Negated(new Operand.Register(register(in.word(), token.line())));
        }
        if (in.accept("-")) {
            return Literals.operand(in.number(), true, token.line());
        }
        if (token.kind() == Token.Kind.NUMBER) {
            return Literals.operand(in.number(), false, token.line());
        }
        return named();
    }

    private List<Operand> list(String end) {
        List<Operand> elements = new ArrayList<>();
        while (!in.accept(end)) {
            elements.add(simple());
            if (!in.peek().is(end)) {
                in.expect(",");
            }
        }
        return List.copyOf(elements);
    }

    private Operand named() {
        int line = in.line();
        String name = in.word();
        if (name.equals("_")) {
            return new Operand.Sink();
        }
        if (name.equals("WARP_SZ")) {
            return new Operand.IntegerLiteral(32);
        }
        Scope.Meaning meaning = scope.find(name, line);
        if (meaning == null && name.startsWith("%")) {
            String element =
                    in.peek().kind() == Token.Kind.DOTTED ? "." + in.next().text() : "";
            return new Operand.Special(name + element);
        }
        return switch (meaning) {
            case Scope.RegisterName register -> new Operand.Register(register.index());
            case Scope.ScalarParameter scalar -> new Operand.ParameterValue(scalar.register(), 0);
            case Scope.PointerParameter pointer -> new Operand.ParameterPointer(pointer.register(), 0);
            case Scope.OwnVariable own -> new Operand.Named(own.variable(), offset());
            case Scope.ModuleVariable variable ->
                new Operand.Symbol(variable.variable().name(), offset());
            case Scope.Declared declared -> declared.operand();
            case null -> new Operand.Symbol(name, offset());
        };
    }

    private Operand address() {
        int line = in.line();
        Operand base = simple();
        long offset = offset();
        in.expect("]");
        return switch (base) {
            case Operand.Register register -> new Operand.Address(register, offset);
            case Operand.Symbol symbol ->
                new Operand.Address(new Operand.Symbol(symbol.name(), 0), symbol.offset() + offset);
            case Operand.Named named ->
                new Operand.Address(new Operand.Named(named.variable(), 0), named.offset() + offset);
            case Operand.ParameterValue value -> new Operand.ParameterValue(value.register(), offset);
            case Operand.ParameterPointer pointer -> new Operand.ParameterPointer(pointer.register(), offset);
            case Operand.IntegerLiteral literal -> new Operand.Address(literal, offset);
            default -> throw new PtxErrors.Refusal(line, "unsupported address");
        };
    }

    /** {@code +4}, {@code -4}, {@code +-4} or nothing. */
    private long offset() {
        if (in.peek().is("+") || in.peek().is("-")) {
            boolean negative = in.next().is("-");
            negative |= in.accept("-");
            int line = in.line();
            long value = Literals.integer(in.number(), line);
            return negative ? -value : value;
        }
        return 0;
    }

    private int register(String name, int line) {
        if (scope.find(name, line) instanceof Scope.RegisterName register) {
            return register.index();
        }
        throw new PtxErrors.Refusal(line, name + ": no such register");
    }
}
