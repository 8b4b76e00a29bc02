package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;

/** An entry or function: head, directives, declarations, statements. Confined to one thread; used once. */
final class FunctionParser {
    private final TokenReader in;
    private final Scope scope;
    private final List<Variable> moduleVariables;
    private final PtxErrors errors;

    private final List<Variable> results = new ArrayList<>();
    private final List<Integer> resultRegisters = new ArrayList<>();
    private final List<Variable> parameters = new ArrayList<>();
    private final List<Integer> parameterRegisters = new ArrayList<>();
    private final List<Variable> frame = new ArrayList<>();
    private final List<Variable> shared = new ArrayList<>();
    private final List<Statement> body = new ArrayList<>();
    private List<Integer> maxThreads = List.of();
    private List<Integer> requiredThreads = List.of();
    private int blockDepth;

    FunctionParser(TokenReader in, Scope module, List<Variable> moduleVariables, PtxErrors errors) {
        this.in = in;
        this.scope = Scope.within(module);
        this.moduleVariables = moduleVariables;
        this.errors = errors;
    }

    Function function() throws DeviceException {
        boolean entry = in.next().text().equals("entry");
        if (!entry && in.accept("(")) {
            signature(results, resultRegisters, false);
        }
        int line = in.line();
        String name = in.word();
        if (in.accept("(")) {
            signature(parameters, parameterRegisters, entry);
        }
        boolean defined = directives();
        if (defined) {
            body();
        }
        return new Function(
                name,
                entry,
                List.copyOf(results),
                List.copyOf(resultRegisters),
                List.copyOf(parameters),
                List.copyOf(parameterRegisters),
                List.copyOf(scope.registers()),
                List.copyOf(frame),
                List.copyOf(shared),
                List.copyOf(body),
                maxThreads,
                requiredThreads,
                defined,
                line);
    }

    private void signature(List<Variable> into, List<Integer> registers, boolean entry) {
        while (!in.accept(")")) {
            boolean register = in.acceptDotted("reg");
            if (!register && !in.acceptDotted("param")) {
                throw in.unexpected(".param");
            }
            Variable variable = new DeclarationParser(in).parameter(Space.PARAM);
            into.add(variable);
            if (entry) {
                scope.put(variable.name(), new Scope.OwnVariable(variable));
            } else {
                int index = scope.newRegister(variable.array() ? Type.U32 : variable.type(), variable.line());
                registers.add(index);
                scope.put(
                        variable.name(),
                        variable.array()
                                ? new Scope.PointerParameter(index)
                                : register ? new Scope.RegisterName(index) : new Scope.ScalarParameter(index));
            }
            if (!in.peek().is(")")) {
                in.expect(",");
            }
        }
    }

    /** Reads what stands between head and body. Returns whether a body follows. */
    private boolean directives() {
        while (true) {
            if (in.accept("{")) {
                return true;
            }
            if (in.accept(";")) {
                return false;
            }
            Token token = in.next();
            switch (token.kind() == Token.Kind.DOTTED ? token.text() : "") {
                case "maxntid" -> maxThreads = dimensions();
                case "reqntid" -> requiredThreads = dimensions();
                case "minnctapersm", "maxnctapersm", "maxnreg" -> in.integer();
                case "noreturn" -> {}
                case "pragma" -> in.skipTo(";");
                default -> throw new PtxErrors.Refusal(token.line(), "'" + token.text() + "': unsupported directive");
            }
        }
    }

    private List<Integer> dimensions() {
        List<Integer> found = new ArrayList<>();
        do {
            found.add(in.integer());
        } while (in.accept(","));
        while (found.size() < 3) {
            found.add(1);
        }
        return List.copyOf(found);
    }

    private void body() throws DeviceException {
        blockDepth = 1;
        while (blockDepth > 0) {
            if (in.atEnd()) {
                throw new PtxErrors.Refusal(in.line(), "no '}' at the end of the function");
            }
            try {
                statement();
            } catch (PtxErrors.Refusal refusal) {
                errors.add(refusal);
                in.skipStatement();
            }
        }
    }

    private void statement() {
        Token token = in.peek();
        if (in.accept("{")) {
            blockDepth++;
            scope.enter();
        } else if (in.accept("}")) {
            blockDepth--;
            if (blockDepth > 0) {
                scope.leave();
            }
        } else if (in.accept(";")) {
            return;
        } else if (token.kind() == Token.Kind.DOTTED) {
            in.next();
            directive(token);
        } else if (token.kind() == Token.Kind.WORD && in.peek(1).is(":")) {
            in.next();
            in.next();
            if (!declares(token.text())) {
                body.add(new Statement.Label(token.text(), token.line()));
            }
        } else {
            body.add(new InstructionParser(in, scope).instruction());
        }
    }

    /** Reads a list of targets or a prototype, if that is what the label names. */
    private boolean declares(String label) {
        if (in.acceptDotted("branchtargets") || in.acceptDotted("calltargets")) {
            List<String> names = new ArrayList<>();
            do {
                names.add(in.word());
            } while (in.accept(","));
            in.expect(";");
            scope.put(label, new Scope.Declared(new Operand.Targets(List.copyOf(names))));
            return true;
        }
        if (in.acceptDotted("callprototype")) {
            List<Variable> returned = in.accept("(") ? prototype() : List.of();
            in.word();
            List<Variable> taken = in.accept("(") ? prototype() : List.of();
            in.skipTo(";");
            scope.put(label, new Scope.Declared(new Operand.Prototype(returned, taken)));
            return true;
        }
        return false;
    }

    private List<Variable> prototype() {
        List<Variable> found = new ArrayList<>();
        while (!in.accept(")")) {
            if (!in.acceptDotted("param") && !in.acceptDotted("reg")) {
                throw in.unexpected(".param");
            }
            found.add(new DeclarationParser(in).parameter(Space.PARAM));
            if (!in.peek().is(")")) {
                in.expect(",");
            }
        }
        return List.copyOf(found);
    }

    private void directive(Token token) {
        switch (token.text()) {
            case "reg" -> registers();
            case "loc", "file" -> in.skipLine();
            case "pragma" -> in.skipTo(";");
            case "local", "param", "shared", "global", "const" -> variables(Space.named(token.text()));
            default -> throw new PtxErrors.Refusal(token.line(), "." + token.text() + ": unsupported directive");
        }
    }

    private void registers() {
        Token token = in.next();
        Type type = token.kind() == Token.Kind.DOTTED ? Type.named(token.text()) : null;
        if (type == null || (type.bytes() == 1 && type != Type.PRED && type != Type.B8)) {
            throw new PtxErrors.Refusal(token.line(), ".reg ." + token.text() + ": unsupported");
        }
        do {
            String name = in.word();
            if (in.accept("<")) {
                scope.putRange(name, in.integer(), type);
                in.expect(">");
            } else {
                scope.put(name, new Scope.RegisterName(scope.newRegister(type, token.line())));
            }
        } while (in.accept(","));
        in.expect(";");
    }

    private void variables(Space space) {
        for (Variable variable : new DeclarationParser(in).variables(space, false)) {
            switch (space) {
                case LOCAL -> {
                    frame.add(variable);
                    scope.put(variable.name(), new Scope.OwnVariable(variable));
                }
                case PARAM -> {
                    if (variable.array()) {
                        frame.add(variable);
                        scope.put(variable.name(), new Scope.OwnVariable(variable));
                    } else {
                        scope.put(
                                variable.name(),
                                new Scope.ScalarParameter(scope.newRegister(variable.type(), variable.line())));
                    }
                }
                case SHARED -> {
                    shared.add(variable);
                    scope.put(variable.name(), new Scope.OwnVariable(variable));
                }
                case GLOBAL, CONST -> {
                    moduleVariables.add(variable);
                    scope.put(variable.name(), new Scope.ModuleVariable(variable));
                }
                case GENERIC -> throw new PtxErrors.Refusal(variable.line(), "variable without a space");
            }
        }
    }
}
