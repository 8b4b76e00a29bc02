package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * Instructions on vectors for which one operator of theirs does not do: PTX has its own rules of NaNs, of shifts by more than there are
 * bits, of denormals. To the last bit what {@link FloatEmitter} and {@link IntegerEmitter} do for one thread.
 */
final class StripArithmetic {
    private static final Set<String> NEAREST = Set.of("rn", "full", "approx", "ftz");
    private static final Set<String> FLUSHING = Set.of("add", "sub", "mul", "fma", "mad", "div", "neg", "abs", "sqrt");

    private final Emitter e;
    private final CodeBuilder code;
    private final StripRegisters registers;

    StripArithmetic(Emitter e, StripRegisters registers) {
        this.e = e;
        this.code = e.code;
        this.registers = registers;
    }

    /** Whether an instruction with one result, which varies, is one of these. */
    static boolean takes(Instruction i, StripRules rules) {
        if (i.types().size() != 1 || !(i.operand(0) instanceof Operand.Register)) {
            return false;
        }
        Type type = i.type();
        Set<String> modifiers = Set.copyOf(i.modifiers());
        boolean known = switch (i.opcode()) {
            case "min", "max" ->
                i.operands().size() == 3
                        && (type.isFloat()
                                ? modifiers.isEmpty() || modifiers.equals(Set.of("ftz"))
                                : modifiers.isEmpty() && isWord(type));
            case "rcp", "rsqrt" -> type == Type.F32 && NEAREST.containsAll(modifiers);
            case "not", "popc" -> modifiers.isEmpty() && type == Type.B32;
            case "shl", "shr" -> modifiers.isEmpty() && (isWord(type) || type == Type.B32);
            default ->
                FLUSHING.contains(i.opcode())
                        && type == Type.F32
                        && modifiers.contains("ftz")
                        && NEAREST.containsAll(modifiers);
        };
        return known
                && (type == Type.F32 || type == Type.F64 || !type.isFloat())
                && rules.isOperand(i.operand(0), type, true)
                && i.operands().stream().skip(1).allMatch(operand -> rules.isOperand(operand, type, true));
    }

    private static boolean isWord(Type type) {
        return type == Type.S32 || type == Type.U32;
    }

    void emit(Instruction i) {
        VectorKind kind = VectorKind.of(RegisterKinds.of(i.type()));
        for (int part = 0; part < registers.parts(kind); part++) {
            if (i.opcode().startsWith("sh")) {
                shift(i, part);
            } else if (kind == VectorKind.INT) {
                word(i, part);
            } else {
                number(i, kind, part);
            }
            if (kind == VectorKind.FLOAT && e.isNanMade(i, i.definitions().getFirst())) {
                registers.canonicalNans();
            }
            registers.popBits(i.operand(0), kind, part);
        }
    }

    private void word(Instruction i, int part) {
        registers.push(i, i.operand(1), i.type(), part);
        switch (i.opcode()) {
            case "not" -> {
                pushInts(-1);
                VectorKind.INT.operate(code, "XOR");
            }
            case "popc" -> VectorKind.INT.lanewiseUnary(code, "BIT_COUNT");
            default -> {
                registers.push(i, i.operand(2), i.type(), part);
                String name = i.opcode().equals("min") ? "MIN" : "MAX";
                VectorKind.INT.operate(code, i.type().isSigned() ? name : "U" + name);
            }
        }
    }

    /** By more than there are bits, nothing is left, or the sign. Source: PTX ISA 9.7.8.7 and 9.7.8.8. */
    private void shift(Instruction i, int part) {
        boolean arithmetic = i.type().isSigned() && i.opcode().equals("shr");
        int count = code.allocateLocal(TypeKind.REFERENCE);
        registers.push(i, i.operand(2), Type.U32, part);
        pushInts(31);
        VectorKind.INT.operate(code, "UMIN");
        code.astore(count);
        if (arithmetic) {
            registers.push(i, i.operand(1), i.type(), part);
            code.getstatic(VectorKind.OPERATORS, "ASHR", VectorKind.BINARY).aload(count);
            VectorKind.INT.lanewise(code);
            return;
        }
        registers.push(i, i.operand(1), i.type(), part);
        code.getstatic(VectorKind.OPERATORS, i.opcode().equals("shl") ? "LSHL" : "LSHR", VectorKind.BINARY)
                .aload(count);
        VectorKind.INT.lanewise(code);
        pushInts(0);
        registers.push(i, i.operand(2), Type.U32, part);
        pushInts(31);
        VectorKind.INT.compare(code, "UGT");
        VectorKind.INT.blend(code);
    }

    private void number(Instruction i, VectorKind kind, int part) {
        boolean flushes = i.has("ftz");
        int[] sources = new int[i.operands().size() - 1];
        for (int n = 0; n < sources.length; n++) {
            sources[n] = code.allocateLocal(TypeKind.REFERENCE);
            registers.push(i, i.operand(n + 1), i.type(), part);
            if (flushes) {
                flush();
            }
            code.astore(sources[n]);
        }
        switch (i.opcode()) {
            case "min", "max" -> extreme(i, kind, sources[0], sources[1]);
            case "rcp" -> {
                pushOnes();
                code.aload(sources[0]);
                kind.binary(code, "div");
            }
            case "rsqrt" -> {
                pushOnes();
                code.aload(sources[0]);
                kind.unary(code, "sqrt");
                kind.binary(code, "div");
            }
            case "fma", "mad" -> {
                code.aload(sources[0]).aload(sources[1]).aload(sources[2]);
                kind.fma(code);
            }
            case "neg", "abs", "sqrt" -> {
                code.aload(sources[0]);
                kind.unary(code, i.opcode());
            }
            default -> {
                code.aload(sources[0]).aload(sources[1]);
                kind.binary(code, i.opcode());
            }
        }
        if (flushes) {
            flush();
        }
    }

    /** The operand that is a number wins. */
    private void extreme(Instruction i, VectorKind kind, int a, int b) {
        code.aload(a).aload(b);
        kind.binary(code, i.opcode());
        for (int n = 0; n < 2; n++) {
            code.aload(n == 0 ? b : a);
            code.aload(n == 0 ? a : b).aload(n == 0 ? a : b);
            kind.compare(code, "NE");
            kind.blend(code);
        }
    }

    /** Gives denormals on the stack the zero of their sign. */
    void flush() {
        int floats = code.allocateLocal(TypeKind.REFERENCE);
        code.astore(floats).aload(floats);
        code.aload(floats);
        VectorKind.FLOAT.reinterpretAs(code, VectorKind.INT);
        pushInts(Integer.MIN_VALUE);
        VectorKind.INT.operate(code, "AND");
        VectorKind.INT.reinterpretAs(code, VectorKind.FLOAT);
        code.aload(floats);
        VectorKind.FLOAT.unary(code, "abs");
        pushFloats(Float.MIN_NORMAL);
        VectorKind.FLOAT.compare(code, "LT");
        VectorKind.FLOAT.blend(code);
    }

    private void pushOnes() {
        pushFloats(1);
    }

    private void pushFloats(float value) {
        VectorKind.FLOAT.species(code, registers.vectorBits);
        code.loadConstant(value);
        VectorKind.FLOAT.broadcast(code);
    }

    private void pushInts(int value) {
        VectorKind.INT.species(code, registers.vectorBits);
        code.loadConstant(value);
        VectorKind.INT.broadcast(code);
    }
}
