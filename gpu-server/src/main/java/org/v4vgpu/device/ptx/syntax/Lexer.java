package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.List;

/** Cuts PTX text into tokens; comments and white space fall away. Source: PTX ISA 4. */
final class Lexer {
    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;

    private Lexer(String text) {
        this.text = text;
    }

    static List<Token> tokens(String text) {
        Lexer lexer = new Lexer(text);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                line++;
                at++;
            } else if (c <= ' ') {
                at++;
            } else if (c == '/' && (peek(1) == '/' || peek(1) == '*')) {
                comment();
            } else if (c == '"') {
                string();
            } else if (isDigit(c)) {
                number();
            } else if (isWordStart(c)) {
                int start = at++;
                skipWord(false);
                add(Token.Kind.WORD, text.substring(start, at));
            } else if (c == '.' && (isWordStart(peek(1)) || isDigit(peek(1)))) {
                int start = ++at;
                skipWord(true);
                add(Token.Kind.DOTTED, text.substring(start, at));
            } else if (",;{}[]()<>+-|!@:=".indexOf(c) >= 0) {
                at++;
                add(Token.Kind.MARK, String.valueOf(c));
            } else {
                throw new PtxErrors.Refusal(line, "unexpected character " + printable(c));
            }
        }
        add(Token.Kind.END, "end of file");
    }

    private void comment() {
        if (peek(1) == '/') {
            int end = text.indexOf('\n', at);
            at = end < 0 ? text.length() : end;
            return;
        }
        int end = text.indexOf("*/", at + 2);
        if (end < 0) {
            throw new PtxErrors.Refusal(line, "comment without end");
        }
        for (; at < end + 2; at++) {
            if (text.charAt(at) == '\n') {
                line++;
            }
        }
    }

    private void string() {
        int end = at + 1;
        while (end < text.length() && text.charAt(end) != '"' && text.charAt(end) != '\n') {
            end++;
        }
        if (end >= text.length() || text.charAt(end) == '\n') {
            throw new PtxErrors.Refusal(line, "string without end");
        }
        add(Token.Kind.STRING, text.substring(at + 1, end));
        at = end + 1;
    }

    private void number() {
        int start = at;
        boolean hex = text.startsWith("0x", at) || text.startsWith("0X", at) || isExactFloat();
        at++;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean exponentSign = !hex && (c == '+' || c == '-') && (text.charAt(at - 1) | 0x20) == 'e';
            boolean fraction = c == '.' && isDigit(peek(1));
            if (!isDigit(c) && !Character.isLetter(c) && !exponentSign && !(fraction && !hex)) {
                break;
            }
            at++;
        }
        add(Token.Kind.NUMBER, text.substring(start, at));
    }

    private boolean isExactFloat() {
        int kind = peek(1) | 0x20;
        return text.charAt(at) == '0' && (kind == 'f' || kind == 'd');
    }

    private void skipWord(boolean dotted) {
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean scope = dotted && c == ':' && peek(1) == ':' && isWordPart(peek(2));
            if (scope) {
                at += 2;
            } else if (isWordPart(c)) {
                at++;
            } else {
                return;
            }
        }
    }

    private void add(Token.Kind kind, String word) {
        tokens.add(new Token(kind, word, line));
    }

    private char peek(int distance) {
        return at + distance < text.length() ? text.charAt(at + distance) : 0;
    }

    private static String printable(char c) {
        return c >= ' ' && c < 127 ? "'" + c + "'" : "of code " + (int) c;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isWordStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%';
    }

    private static boolean isWordPart(char c) {
        return (isWordStart(c) && c != '%') || isDigit(c);
    }
}
