package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One text of several that are linked: its words, and what it declares and defines. Confined to one thread. Source: PTX ISA 11.6,
 * linking directives.
 */
final class LinkInput {
    /** Files of one text are numbered from 1 on; so far apart are those of two texts. */
    private static final int FILES_OF_A_TEXT = 10_000;

    /** What a top-level statement of a module is about. */
    enum Subject {
        FUNCTION,
        VARIABLE,
        /** Line numbers, pragmas, debugging sections. */
        OTHER
    }

    /**
     * A top-level statement: the words from {@code start} until {@code end}.
     *
     * @param body where a function's body begins; the end if it has none
     * @param names one, or several variables; none if it is about something else
     */
    record Declaration(
            Subject subject,
            List<String> names,
            int start,
            int body,
            int end,
            boolean external,
            boolean exported,
            boolean weak) {
        boolean defines() {
            return !external && (subject == Subject.VARIABLE || body < end);
        }

        String name() {
            return names.getFirst();
        }

        Declaration renamed(Map<String, String> others) {
            List<String> changed =
                    names.stream().map(each -> others.getOrDefault(each, each)).toList();
            return new Declaration(subject, changed, start, body, end, external, exported, weak);
        }
    }

    private final List<Token> tokens;
    private final int number;
    private final Linker.Patience patience;
    private final List<Declaration> declarations = new ArrayList<>();
    private int version;
    private String versionText = "";
    private String target = "";
    private int at;

    /**
     * @param number of the text, from 0 on
     * @param lineOffset what is added to its lines
     */
    LinkInput(String text, int number, int lineOffset, Linker.Patience patience) {
        this.number = number;
        this.patience = patience;
        this.tokens = Lexer.tokens(text);
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            boolean isFile = token.kind() == Token.Kind.NUMBER
                    && i > 0
                    && tokens.get(i - 1).kind() == Token.Kind.DOTTED
                    && Set.of("file", "loc").contains(tokens.get(i - 1).text())
                    && token.text().matches("\\d{1,4}");
            String word = isFile && number > 0
                    ? Integer.toString(number * FILES_OF_A_TEXT + Integer.parseInt(token.text()))
                    : token.text();
            tokens.set(i, new Token(token.kind(), word, token.line() + lineOffset));
        }
        read();
    }

    /** Which of the texts it is, from 1 on. */
    int ordinal() {
        return number + 1;
    }

    List<Token> tokens() {
        return tokens;
    }

    List<Declaration> declarations() {
        return declarations;
    }

    /** 10 * major + minor. */
    int version() {
        return version;
    }

    String versionText() {
        return versionText;
    }

    String target() {
        return target;
    }

    /** Every name of its top level. */
    Set<String> names() {
        Set<String> names = new HashSet<>();
        declarations.forEach(declaration -> names.addAll(declaration.names()));
        return names;
    }

    /** Every name of it, those within functions too. */
    Set<String> words() {
        Set<String> words = new HashSet<>();
        for (Token token : tokens) {
            if (token.kind() == Token.Kind.WORD) {
                words.add(token.text());
            }
        }
        return words;
    }

    /** Gives what the text has for itself other names, wherever they stand. */
    void rename(Map<String, String> others) {
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            String other = token.kind() == Token.Kind.WORD ? others.get(token.text()) : null;
            if (other != null) {
                tokens.set(i, new Token(token.kind(), other, token.line()));
            }
        }
        declarations.replaceAll(each -> each.renamed(others));
    }

    private void read() {
        if (!accept("version")) {
            throw new PtxErrors.Refusal(line(), "no PTX: a module begins with .version");
        }
        versionText = next().text();
        String[] parts = versionText.split("\\.", -1);
        if (!versionText.matches("\\d{1,3}\\.\\d{1,2}")) {
            throw new PtxErrors.Refusal(line(), ".version " + versionText + ": not a version");
        }
        version = 10 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]);
        while (peek().kind() != Token.Kind.END) {
            if (accept("target")) {
                target = next().text();
                while (peek().is(",")) {
                    at += 2;
                }
            } else if (accept("address_size")) {
                Token size = next();
                if (size.kind() != Token.Kind.NUMBER || Literals.integer(size.text(), size.line()) != 64) {
                    throw new PtxErrors.Refusal(
                            size.line(), ".address_size " + size.text() + ": unsupported, only 64-bit addresses");
                }
            } else {
                patience.require(line());
                declarations.add(declaration());
            }
        }
    }

    private Declaration declaration() {
        int start = at;
        boolean external = false;
        boolean exported = false;
        boolean weak = false;
        while (true) {
            if (accept("extern")) {
                external = true;
            } else if (accept("visible")) {
                exported = true;
            } else if (accept("weak") || accept("common")) {
                exported = true;
                weak = true;
            } else {
                break;
            }
        }
        String subject = peek().kind() == Token.Kind.DOTTED ? peek().text() : "";
        return switch (subject) {
            case "entry", "func" -> function(start, external, exported || subject.equals("entry"), weak);
            case "global", "const", "shared" -> variables(start, external, exported, weak);
            case "file", "loc" -> {
                int line = line();
                while (peek().kind() != Token.Kind.END && line() == line) {
                    at++;
                }
                yield other(start);
            }
            case "section" -> {
                while (peek().kind() != Token.Kind.END && !peek().is("{")) {
                    at++;
                }
                skipBlock();
                yield other(start);
            }
            default -> {
                skipTo(";");
                yield other(start);
            }
        };
    }

    private Declaration other(int start) {
        return new Declaration(Subject.OTHER, List.of(), start, at, at, false, false, false);
    }

    private Declaration function(int start, boolean external, boolean exported, boolean weak) {
        String name = "";
        int depth = 0;
        while (!(depth == 0 && (peek().is(";") || peek().is("{")))) {
            Token token = next();
            if (token.is("(")) {
                depth++;
            } else if (token.is(")")) {
                depth--;
            } else if (depth == 0 && name.isEmpty() && token.kind() == Token.Kind.WORD) {
                name = token.text();
            }
        }
        int body = at;
        if (peek().is(";")) {
            at++;
            body = at;
        } else {
            skipBlock();
        }
        return new Declaration(Subject.FUNCTION, List.of(name), start, body, at, external, exported, weak);
    }

    private Declaration variables(int start, boolean external, boolean exported, boolean weak) {
        List<String> names = new ArrayList<>();
        int depth = 0;
        boolean isName = true;
        while (!(depth == 0 && peek().is(";"))) {
            Token token = next();
            if (token.is("{") || token.is("[") || token.is("(")) {
                depth++;
            } else if (token.is("}") || token.is("]") || token.is(")")) {
                depth--;
            } else if (depth == 0 && token.is(",")) {
                isName = true;
            } else if (depth == 0 && isName && token.kind() == Token.Kind.WORD) {
                names.add(token.text());
                isName = false;
            }
        }
        if (names.isEmpty()) {
            throw new PtxErrors.Refusal(line(), "a variable without a name");
        }
        at++;
        return new Declaration(Subject.VARIABLE, List.copyOf(names), start, at, at, external, exported, weak);
    }

    private void skipBlock() {
        int depth = 0;
        do {
            Token token = next();
            depth += token.is("{") ? 1 : token.is("}") ? -1 : 0;
        } while (depth > 0);
    }

    private void skipTo(String mark) {
        while (!next().is(mark)) {
            // Until its end.
        }
    }

    private boolean accept(String directive) {
        boolean is = peek().kind() == Token.Kind.DOTTED && peek().text().equals(directive);
        at += is ? 1 : 0;
        return is;
    }

    private Token peek() {
        return tokens.get(Math.min(at, tokens.size() - 1));
    }

    private Token next() {
        Token token = peek();
        if (token.kind() == Token.Kind.END) {
            throw new PtxErrors.Refusal(token.line(), "the text ends within a declaration");
        }
        at++;
        return token;
    }

    private int line() {
        return peek().line();
    }
}
