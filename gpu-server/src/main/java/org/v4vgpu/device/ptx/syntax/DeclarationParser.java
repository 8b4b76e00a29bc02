package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.List;

/** Declarations of variables, with their initial values. Source: PTX ISA 5.4. */
final class DeclarationParser {
    private static final long LARGEST = 1L << 31;

    private final TokenReader in;

    DeclarationParser(TokenReader in) {
        this.in = in;
    }

    /** All that follows a space until and with the semicolon. */
    List<Variable> variables(Space space, boolean external) {
        List<Variable> found = new ArrayList<>();
        Head head = head();
        do {
            found.add(variable(space, head, external));
        } while (in.accept(","));
        in.expect(";");
        return found;
    }

    /** One parameter, behind {@code .param} or {@code .reg}. */
    Variable parameter(Space space) {
        return variable(space, head(), false);
    }

    private record Head(int align, Type type, int elements) {}

    private Head head() {
        int align = 0;
        int elements = 1;
        while (true) {
            Token token = in.next();
            if (token.kind() != Token.Kind.DOTTED) {
                throw new PtxErrors.Refusal(token.line(), "'" + token.text() + "' where a type is expected");
            }
            Type type = Type.named(token.text());
            if (type != null) {
                skipPointerNotes();
                return new Head(align == 0 ? type.bytes() * elements : align, type, elements);
            }
            switch (token.text()) {
                case "align" -> {
                    align = in.integer();
                    if (Integer.bitCount(align) != 1 || align > 128) {
                        throw new PtxErrors.Refusal(token.line(), ".align " + align + ": unsupported");
                    }
                }
                case "v2" -> elements = 2;
                case "v4" -> elements = 4;
                default ->
                    throw new PtxErrors.Refusal(token.line(), "." + token.text() + ": unsupported in a declaration");
            }
        }
    }

    private void skipPointerNotes() {
        if (in.acceptDotted("ptr")) {
            while (in.peek().kind() == Token.Kind.DOTTED) {
                if (in.next().text().equals("align")) {
                    in.integer();
                }
            }
        }
    }

    private Variable variable(Space space, Head head, boolean external) {
        int line = in.line();
        String name = in.word();
        boolean array = head.elements > 1;
        boolean unsized = false;
        long elements = head.elements;
        while (in.accept("[")) {
            array = true;
            if (in.accept("]")) {
                unsized = true;
                continue;
            }
            elements = Math.multiplyExact(elements, (long) in.integer());
            in.expect("]");
            if (elements > LARGEST) {
                throw new PtxErrors.Refusal(line, name + ": larger than 2 GiB");
            }
        }
        long bytes = unsized ? 0 : elements * head.type.bytes();
        List<Variable.Reference> references = new ArrayList<>();
        byte[] image = new byte[0];
        if (in.accept("=")) {
            if (space != Space.GLOBAL && space != Space.CONST) {
                throw new PtxErrors.Refusal(line, name + ": unsupported initial value");
            }
            ImageWriter writer = new ImageWriter(in, head.type);
            image = writer.write(unsized ? -1 : bytes, references);
            bytes = unsized ? image.length : bytes;
        }
        return new Variable(
                name, space, head.type, array, head.align, bytes, image, List.copyOf(references), external, line);
    }
}
