package org.v4vgpu.device.ptx.syntax;

/** A word of PTX text with its line. */
record Token(Kind kind, String text, int line) {
    enum Kind {
        /** A name, an opcode, a register. */
        WORD,
        /** A directive or modifier, text without its dot. */
        DOTTED,
        NUMBER,
        STRING,
        MARK,
        END
    }

    boolean is(String mark) {
        return kind == Kind.MARK && text.equals(mark);
    }
}
