package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * PTX text to {@link PtxModule}: module-level directives here, functions in {@link FunctionParser}, declarations in {@link
 * DeclarationParser}. Confined to one thread. Source: PTX ISA 11.
 */
public final class Parser {
    /** 10 * major + minor of the newest PTX ISA whose instructions the table knows. */
    static final int NEWEST_VERSION = 90;

    /** The newest architecture of that PTX ISA. */
    private static final int NEWEST_TARGET = 121;

    static final int MOST_CHARACTERS = 16 << 20;
    private static final int MOST_FUNCTIONS = 4096;

    private final TokenReader in;
    private final PtxErrors errors;
    private final Scope module = new Scope();
    private final List<Variable> variables = new ArrayList<>();
    private final List<Function> functions = new ArrayList<>();

    private Parser(TokenReader in, PtxErrors errors) {
        this.in = in;
        this.errors = errors;
    }

    /**
     * Parses a module.
     *
     * @throws DeviceException INVALID_PTX, INVALID_IMAGE or UNSUPPORTED_PTX_VERSION; the message is the error log
     */
    public static PtxModule parse(String text) throws DeviceException {
        PtxErrors errors = new PtxErrors();
        try {
            List<Token> tokens = Lexer.tokens(requirePtx(text));
            PtxModule module = new Parser(new TokenReader(tokens), errors).module(SourceLines.of(tokens));
            errors.throwIfAny();
            return module;
        } catch (PtxErrors.Refusal refusal) {
            errors.add(refusal);
            errors.throwIfAny();
            throw new AssertionError("a refusal is an error", refusal);
        } catch (StackOverflowError _) {
            throw new DeviceException(CudaStatus.INVALID_PTX, "line 1: braces are nested too deeply");
        }
    }

    private static String requirePtx(String text) throws DeviceException {
        if (text.length() > MOST_CHARACTERS) {
            throw new DeviceException(
                    CudaStatus.INVALID_PTX,
                    "line 1: the text has " + text.length() + " characters, at most " + MOST_CHARACTERS
                            + " are supported");
        }
        if (text.isBlank()) {
            throw new DeviceException(CudaStatus.INVALID_IMAGE, "line 1: the image is empty");
        }
        for (int i = 0; i < Math.min(text.length(), 64); i++) {
            char c = text.charAt(i);
            if (c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f') {
                throw new DeviceException(
                        CudaStatus.INVALID_IMAGE, "line 1: the image is no text: only PTX can be loaded");
            }
        }
        return text;
    }

    private PtxModule module(SourceLines source) throws DeviceException {
        if (!in.acceptDotted("version")) {
            throw new PtxErrors.Refusal(in.line(), "no PTX: a module begins with .version");
        }
        int version = version();
        String target = "";
        while (!in.atEnd()) {
            if (in.acceptDotted("target")) {
                target = target();
                while (in.accept(",")) {
                    in.word();
                }
            } else if (in.acceptDotted("address_size")) {
                int line = in.line();
                if (in.integer() != 64) {
                    throw new PtxErrors.Refusal(line, ".address_size 32: unsupported, only 64-bit addresses");
                }
            } else {
                declaration();
            }
        }
        return new PtxModule(version, target, List.copyOf(variables), List.copyOf(functions), source);
    }

    private int version() throws DeviceException {
        int line = in.line();
        String number = in.number();
        String[] parts = number.split("\\.", -1);
        if (parts.length != 2 || !number.matches("\\d{1,3}\\.\\d{1,2}")) {
            throw new PtxErrors.Refusal(line, ".version " + number + ": not a version");
        }
        int version = 10 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]);
        if (version > NEWEST_VERSION) {
            throw new DeviceException(
                    CudaStatus.UNSUPPORTED_PTX_VERSION,
                    "line " + line + ": .version " + number + ": unsupported, the newest is " + NEWEST_VERSION / 10
                            + "." + NEWEST_VERSION % 10);
        }
        return version;
    }

    /** Targets are upward compatible; one that is newer than the table of instructions may mean something else. */
    private String target() {
        int line = in.line();
        String name = in.word();
        if (name.startsWith("sm_")) {
            String digits = name.substring(3).replaceAll("[af]$", "");
            if (!digits.matches("\\d{2,3}") || Integer.parseInt(digits) > NEWEST_TARGET) {
                throw new PtxErrors.Refusal(
                        line, ".target " + name + ": unsupported, the newest known is sm_" + NEWEST_TARGET);
            }
        }
        return name;
    }

    private void declaration() throws DeviceException {
        boolean external = false;
        while (true) {
            if (in.acceptDotted("extern")) {
                external = true;
            } else if (!in.acceptDotted("visible") && !in.acceptDotted("weak") && !in.acceptDotted("common")) {
                break;
            }
        }
        Token next = in.peek();
        switch (next.kind() == Token.Kind.DOTTED ? next.text() : "") {
            case "entry", "func" -> function();
            case "global", "const", "shared" -> {
                Space space = Space.named(in.next().text());
                for (Variable variable : new DeclarationParser(in).variables(space, external)) {
                    variables.add(variable);
                    module.put(variable.name(), new Scope.ModuleVariable(variable));
                }
            }
            case "file", "loc" -> in.skipLine();
            case "section" -> {
                in.skipTo("{");
                in.skipTo("}");
            }
            case "pragma" -> in.skipTo(";");
            default ->
                throw new PtxErrors.Refusal(
                        next.line(),
                        (next.kind() == Token.Kind.DOTTED ? "." : "") + next.text() + ": unsupported directive");
        }
    }

    private void function() throws DeviceException {
        Function function = new FunctionParser(in, module, variables, errors).function();
        for (int i = 0; i < functions.size(); i++) {
            if (functions.get(i).name().equals(function.name())) {
                if (functions.get(i).defined() && function.defined()) {
                    throw new PtxErrors.Refusal(function.line(), function.name() + ": defined twice");
                }
                if (function.defined()) {
                    functions.set(i, function);
                }
                return;
            }
        }
        if (functions.size() >= MOST_FUNCTIONS) {
            throw new PtxErrors.Refusal(function.line(), "more than " + MOST_FUNCTIONS + " functions: unsupported");
        }
        functions.add(function);
    }
}
