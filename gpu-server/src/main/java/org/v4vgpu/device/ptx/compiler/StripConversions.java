package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * What goes from vectors of one kind to vectors of another: cvt, products of twice the width, words packed and unpacked. A strip has
 * twice as many vectors of 64 bits as of 32: each of the former is widened from a half of one of the latter, two of them are narrowed to one.
 */
final class StripConversions {
    /** What is done. */
    private enum Form {
        PACKED,
        UNPACKED,
        /** From 32 bits to 64. */
        WIDENED,
        /** From 64 bits to 32. */
        NARROWED,
        FLOAT_NARROWED,
        /** Between lanes of the same width. */
        CONVERTED,
        UNSIGNED_TO_FLOAT,
        WIDE_PRODUCT,
        HIGH_PRODUCT
    }

    private static final Set<String> TO_NEAREST = Set.of("rn");

    private final Emitter e;
    private final CodeBuilder code;
    private final StripRegisters registers;

    StripConversions(Emitter e, StripRegisters registers) {
        this.e = e;
        this.code = e.code;
        this.registers = registers;
    }

    /** Whether an instruction, whose results vary, is one of these. */
    static boolean takes(Instruction i, StripRules rules) {
        Form form = form(i);
        if (form == null) {
            return false;
        }
        return switch (form) {
            case PACKED ->
                rules.isOperand(i.operand(0), Type.B64, true)
                        && elements(i.operand(1)).stream().allMatch(word -> rules.isOperand(word, Type.B32, true));
            case UNPACKED ->
                i.operand(1) instanceof Operand.Register
                        && rules.isOperand(i.operand(1), Type.B64, true)
                        && elements(i.operand(0)).stream()
                                .allMatch(word -> word instanceof Operand.Sink
                                        || (word instanceof Operand.Register && rules.isOperand(word, Type.B32, true)));
            case WIDENED, NARROWED, FLOAT_NARROWED, CONVERTED, UNSIGNED_TO_FLOAT ->
                i.operand(0) instanceof Operand.Register
                        && i.operand(1) instanceof Operand.Register
                        && rules.isOperand(i.operand(0), i.type(), true)
                        && rules.isOperand(i.operand(1), i.lastType(), true);
            case WIDE_PRODUCT, HIGH_PRODUCT ->
                i.operand(0) instanceof Operand.Register
                        && rules.isOperand(i.operand(0), form == Form.WIDE_PRODUCT ? Type.B64 : Type.B32, true)
                        && rules.isOperand(i.operand(1), Type.B32, true)
                        && rules.isOperand(i.operand(2), Type.B32, true)
                        && (i.operands().size() == 3 || rules.isOperand(i.operand(3), Type.B64, true));
        };
    }

    private static @Nullable Form form(Instruction i) {
        if (i.types().isEmpty()) {
            return null;
        }
        Set<String> modifiers = Set.copyOf(i.modifiers());
        return switch (i.opcode()) {
            case "mov" -> {
                boolean wide = i.type().bits() == 64 && modifiers.isEmpty();
                yield wide && elements(i.operand(1)).size() == 2
                        ? Form.PACKED
                        : wide && elements(i.operand(0)).size() == 2 ? Form.UNPACKED : null;
            }
            case "cvt" -> i.types().size() == 2 ? ofConversion(i.type(), i.lastType(), modifiers) : null;
            case "mul", "mad" -> {
                boolean words = i.type() == Type.S32 || i.type() == Type.U32;
                yield words && modifiers.equals(Set.of("wide"))
                        ? Form.WIDE_PRODUCT
                        : words && modifiers.equals(Set.of("hi")) && i.opcode().equals("mul")
                                ? Form.HIGH_PRODUCT
                                : null;
            }
            default -> null;
        };
    }

    private static @Nullable Form ofConversion(Type to, Type from, Set<String> modifiers) {
        boolean plain = modifiers.isEmpty();
        if (isInteger(to) && isInteger(from)) {
            return !plain || to.bits() == from.bits() ? null : to.bits() == 64 ? Form.WIDENED : Form.NARROWED;
        }
        if (to == Type.F64) {
            boolean exact = (from == Type.F32 && plain) || (from == Type.S32 && modifiers.equals(TO_NEAREST));
            return exact ? Form.WIDENED : null;
        }
        if (to == Type.F32) {
            boolean nearest = modifiers.equals(TO_NEAREST);
            return !nearest
                    ? null
                    : switch (from) {
                        case S32 -> Form.CONVERTED;
                        case U32 -> Form.UNSIGNED_TO_FLOAT;
                        case F64 -> Form.FLOAT_NARROWED;
                        default -> null;
                    };
        }
        // Denormals that .ftz flushes become 0 either way.
        boolean rounds = Set.of("rzi", "ftz").containsAll(modifiers) && modifiers.contains("rzi");
        return to == Type.S32 && from == Type.F32 && rounds ? Form.CONVERTED : null;
    }

    private static boolean isInteger(Type type) {
        return switch (type) {
            case S32, U32, B32, S64, U64, B64 -> true;
            default -> false;
        };
    }

    private static List<Operand> elements(Operand operand) {
        return operand instanceof Operand.Vector vector ? vector.elements() : List.of();
    }

    void emit(Instruction i) {
        Form form = form(i);
        if (form == null) {
            throw new IllegalStateException(i.written());
        }
        Operand target = i.operand(0);
        switch (form) {
            case PACKED ->
                each(VectorKind.LONG, target, part -> {
                    pushWide(i, elements(i.operand(1)).getLast(), Type.S32, part);
                    code.getstatic(VectorKind.OPERATORS, "LSHL", VectorKind.BINARY);
                    pushLongs(32);
                    VectorKind.LONG.lanewise(code);
                    pushWide(i, elements(i.operand(1)).getFirst(), Type.U32, part);
                    VectorKind.LONG.operate(code, "OR");
                });
            case UNPACKED -> {
                for (int word = 0; word < 2; word++) {
                    if (elements(target).get(word) instanceof Operand.Register register) {
                        int number = word;
                        each(VectorKind.INT, register, part -> {
                            pushIndex(number);
                            pushLongs(i, i.operand(1), 2 * part);
                            pushLongs(i, i.operand(1), 2 * part + 1);
                            VectorKind.INT.selectFrom(code);
                        });
                    }
                }
            }
            case WIDENED -> {
                VectorKind kind = VectorKind.of(RegisterKinds.of(i.type()));
                each(kind, target, part -> pushWide(i, i.operand(1), i.lastType(), kind, part));
            }
            case NARROWED ->
                each(VectorKind.INT, target, part -> {
                    pushIndex(0);
                    pushLongs(i, i.operand(1), 2 * part);
                    pushLongs(i, i.operand(1), 2 * part + 1);
                    VectorKind.INT.selectFrom(code);
                });
            case FLOAT_NARROWED ->
                each(VectorKind.FLOAT, target, part -> {
                    pushHalves();
                    pushNarrow(i, 2 * part);
                    pushNarrow(i, 2 * part + 1);
                    VectorKind.INT.selectFrom(code);
                    VectorKind.INT.reinterpretAs(code, VectorKind.FLOAT);
                    finish(i);
                });
            case CONVERTED -> {
                VectorKind kind = VectorKind.of(RegisterKinds.of(i.type()));
                each(kind, target, part -> {
                    registers.push(i, i.operand(1), i.lastType(), part);
                    kind.convert(code, kind == VectorKind.FLOAT ? "I2F" : "F2I");
                });
            }
            case UNSIGNED_TO_FLOAT -> each(VectorKind.FLOAT, target, part -> pushUnsignedAsFloat(i, part));
            case WIDE_PRODUCT ->
                each(VectorKind.LONG, target, part -> {
                    pushProduct(i, part);
                    if (i.opcode().equals("mad")) {
                        registers.push(i, i.operand(3), Type.B64, part);
                        VectorKind.LONG.binary(code, "add");
                    }
                });
            case HIGH_PRODUCT ->
                each(VectorKind.INT, target, part -> {
                    pushIndex(1);
                    pushProduct(i, 2 * part);
                    VectorKind.LONG.reinterpretAs(code, VectorKind.INT);
                    pushProduct(i, 2 * part + 1);
                    VectorKind.LONG.reinterpretAs(code, VectorKind.INT);
                    VectorKind.INT.selectFrom(code);
                });
        }
    }

    /** All vectors of a result; no operand is of another part of the same register. */
    private void each(VectorKind kind, Operand target, IntConsumer push) {
        for (int part = 0; part < registers.parts(kind); part++) {
            push.accept(part);
            registers.popBits(target, kind, part);
        }
    }

    private void finish(Instruction i) {
        if (e.isNanMade(i, i.definitions().getFirst())) {
            registers.canonicalNans();
        }
    }

    // Widening

    private void pushWide(Instruction i, Operand word, Type from, int part) {
        pushWide(i, word, from, VectorKind.LONG, part);
    }

    /** Pushes a vector of 64 bits, from half of one of 32. */
    private void pushWide(Instruction i, Operand word, Type from, VectorKind to, int part) {
        registers.push(i, word, from, part / 2);
        String conversion =
                from.isFloat() ? "F2D" : to == VectorKind.DOUBLE ? "I2D" : from.isSigned() ? "I2L" : "ZERO_EXTEND_I2L";
        to.convertShape(code, conversion, registers.vectorBits, part % 2);
    }

    private void pushProduct(Instruction i, int part) {
        pushWide(i, i.operand(1), i.type(), part);
        pushWide(i, i.operand(2), i.type(), part);
        VectorKind.LONG.binary(code, "mul");
    }

    // Narrowing

    /** Pushes the numbers of the even or odd words of two vectors. */
    private void pushIndex(int first) {
        VectorKind.INT.species(code, registers.vectorBits);
        code.loadConstant(first);
        VectorKind.INT.broadcast(code);
        code.iconst_2();
        VectorKind.INT.addIndex(code);
    }

    /** Pushes a part of 64 bits as words. */
    private void pushLongs(Instruction i, Operand operand, int part) {
        registers.push(i, operand, Type.B64, part);
        VectorKind.LONG.reinterpretAs(code, VectorKind.INT);
    }

    private void pushLongs(long value) {
        VectorKind.LONG.species(code, registers.vectorBits);
        code.loadConstant(value);
        VectorKind.LONG.broadcast(code);
    }

    /** Pushes the numbers of the words of two lower halves: n, and from the middle on n and half as many as there are. */
    private void pushHalves() {
        int half = registers.lanes(VectorKind.LONG);
        for (int n = 0; n < 2; n++) {
            VectorKind.INT.species(code, registers.vectorBits);
            code.iconst_0();
            VectorKind.INT.broadcast(code);
            code.iconst_1();
            VectorKind.INT.addIndex(code);
        }
        VectorKind.INT.species(code, registers.vectorBits);
        code.loadConstant(half);
        VectorKind.INT.broadcast(code);
        VectorKind.INT.operate(code, "AND");
        VectorKind.INT.binary(code, "add");
    }

    /** Pushes doubles as floats, in the lower half of a vector of words. */
    private void pushNarrow(Instruction i, int part) {
        registers.push(i, i.operand(1), Type.F64, part);
        VectorKind.FLOAT.convertShape(code, "D2F", registers.vectorBits, 0);
        VectorKind.FLOAT.reinterpretAs(code, VectorKind.INT);
    }

    /** Pushes the doubles of two locals as floats. */
    void pushNarrow(int first, int second) {
        pushHalves();
        for (int half : new int[] {first, second}) {
            code.aload(half);
            VectorKind.FLOAT.convertShape(code, "D2F", registers.vectorBits, 0);
            VectorKind.FLOAT.reinterpretAs(code, VectorKind.INT);
        }
        VectorKind.INT.selectFrom(code);
        VectorKind.INT.reinterpretAs(code, VectorKind.FLOAT);
    }

    /** By halves, both exact as floats: the sum, rounded once, is that of the number. */
    private void pushUnsignedAsFloat(Instruction i, int part) {
        registers.push(i, i.operand(1), Type.U32, part);
        code.getstatic(VectorKind.OPERATORS, "LSHR", VectorKind.BINARY);
        pushInts(16);
        VectorKind.INT.lanewise(code);
        VectorKind.FLOAT.convert(code, "I2F");
        VectorKind.FLOAT.species(code, registers.vectorBits);
        code.loadConstant(65536f);
        VectorKind.FLOAT.broadcast(code);
        registers.push(i, i.operand(1), Type.U32, part);
        pushInts(0xFFFF);
        VectorKind.INT.operate(code, "AND");
        VectorKind.FLOAT.convert(code, "I2F");
        VectorKind.FLOAT.fma(code);
    }

    private void pushInts(int value) {
        VectorKind.INT.species(code, registers.vectorBits);
        code.loadConstant(value);
        VectorKind.INT.broadcast(code);
    }
}
