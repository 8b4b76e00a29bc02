package org.v4vgpu.device.ptx.syntax;

import java.util.List;

/** A cursor over tokens, with the checks that every parser needs. */
final class TokenReader {
    private final List<Token> tokens;
    private int at;

    TokenReader(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token peek(int distance) {
        return tokens.get(Math.min(at + distance, tokens.size() - 1));
    }

    Token next() {
        Token token = tokens.get(at);
        if (at < tokens.size() - 1) {
            at++;
        }
        return token;
    }

    int line() {
        return peek().line();
    }

    boolean atEnd() {
        return peek().kind() == Token.Kind.END;
    }

    boolean accept(String mark) {
        if (peek().is(mark)) {
            next();
            return true;
        }
        return false;
    }

    boolean acceptDotted(String text) {
        if (peek().kind() == Token.Kind.DOTTED && peek().text().equals(text)) {
            next();
            return true;
        }
        return false;
    }

    void expect(String mark) {
        if (!accept(mark)) {
            throw unexpected("'" + mark + "'");
        }
    }

    String word() {
        if (peek().kind() != Token.Kind.WORD) {
            throw unexpected("a name");
        }
        return next().text();
    }

    String number() {
        if (peek().kind() != Token.Kind.NUMBER) {
            throw unexpected("a number");
        }
        return next().text();
    }

    /** An integer that fits an int. */
    int integer() {
        int line = line();
        long value = Literals.integer(number(), line);
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new PtxErrors.Refusal(line, "number out of range");
        }
        return (int) value;
    }

    /** Goes behind the end of the statement at hand. */
    void skipStatement() {
        if (at == 0 || !tokens.get(at - 1).is(";")) {
            skipTo(";");
        }
    }

    /** Goes behind the next such mark. */
    void skipTo(String mark) {
        int line = line();
        while (!atEnd()) {
            if (next().is(mark)) {
                return;
            }
        }
        throw new PtxErrors.Refusal(line, "no '" + mark + "' follows");
    }

    void skipLine() {
        int line = line();
        while (!atEnd() && line() == line) {
            next();
        }
    }

    PtxErrors.Refusal unexpected(String wanted) {
        return new PtxErrors.Refusal(line(), "'" + peek().text() + "' where " + wanted + " is expected");
    }
}
