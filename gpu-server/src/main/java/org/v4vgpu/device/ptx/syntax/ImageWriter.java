package org.v4vgpu.device.ptx.syntax;

import java.io.ByteArrayOutputStream;
import java.util.List;

/** The bytes of an initial value: numbers, nested braces, and addresses of variables. */
final class ImageWriter {
    private final TokenReader in;
    private final Type type;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    ImageWriter(TokenReader in, Type type) {
        this.in = in;
        this.type = type;
    }

    /** @param limit bytes at most, or -1 */
    byte[] write(long limit, List<Variable.Reference> references) {
        int line = in.line();
        element(references);
        if (limit >= 0 && bytes.size() > limit) {
            throw new PtxErrors.Refusal(line, "more initial values than the variable holds");
        }
        return bytes.toByteArray();
    }

    private void element(List<Variable.Reference> references) {
        if (in.accept("{")) {
            while (!in.accept("}")) {
                element(references);
                if (!in.peek().is("}")) {
                    in.expect(",");
                }
            }
            return;
        }
        int line = in.line();
        if (in.peek().kind() == Token.Kind.WORD) {
            reference(references, line);
            return;
        }
        boolean negative = in.accept("-");
        Operand value = Literals.operand(in.number(), negative, line);
        long bits = switch (value) {
            case Operand.IntegerLiteral integer ->
                type == Type.F32
                        ? Float.floatToRawIntBits((float) integer.value())
                        : type == Type.F64 ? Double.doubleToRawLongBits((double) integer.value()) : integer.value();
            case Operand.RealLiteral real ->
                type == Type.F64
                        ? Double.doubleToRawLongBits(real.value())
                        : Float.floatToRawIntBits((float) real.value());
            default -> throw new PtxErrors.Refusal(line, "unsupported initial value");
        };
        put(bits);
    }

    /** {@code name}, {@code name+4}, {@code generic(name)+4}. */
    private void reference(List<Variable.Reference> references, int line) {
        String name = in.word();
        if (name.equals("generic") && in.accept("(")) {
            name = in.word();
            in.expect(")");
        }
        long addend = in.accept("+") ? Literals.integer(in.number(), line) : 0;
        if (type.bytes() != 8) {
            throw new PtxErrors.Refusal(line, "address of " + name + " in a variable of ." + type.ptxName());
        }
        references.add(new Variable.Reference(bytes.size(), type.bytes(), name, addend, line));
        put(0);
    }

    private void put(long bits) {
        for (int i = 0; i < type.bytes(); i++) {
            bytes.write((int) (bits >>> (8 * i)));
        }
    }
}
