package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.util.Set;
import org.v4vgpu.device.ptx.runtime.Approximations;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * ex2, lg2, sin and cos of vectors, in the very steps of {@link Approximations}. Each vector of floats is two of doubles meanwhile, whose
 * values are in locals.
 */
final class StripFunctions {
    private static final Set<String> FUNCTIONS = Set.of("ex2", "lg2", "sin", "cos");

    private final Emitter e;
    private final CodeBuilder code;
    private final StripRegisters registers;
    private final StripArithmetic arithmetic;
    private final StripConversions conversions;

    StripFunctions(Emitter e, StripRegisters registers, StripArithmetic arithmetic, StripConversions conversions) {
        this.e = e;
        this.code = e.code;
        this.registers = registers;
        this.arithmetic = arithmetic;
        this.conversions = conversions;
    }

    /** Whether an instruction, whose result varies, is one of these. */
    static boolean takes(Instruction i, StripRules rules) {
        return FUNCTIONS.contains(i.opcode())
                && i.types().size() == 1
                && i.type() == Type.F32
                && Set.of("approx", "ftz").containsAll(i.modifiers())
                && i.operand(0) instanceof Operand.Register
                && rules.isOperand(i.operand(0), Type.F32, true)
                && rules.isOperand(i.operand(1), Type.F32, true);
    }

    /** @param otherwise where control goes, with nothing on the stack, for angles that are too large */
    void emit(Instruction i, Label otherwise) {
        boolean isWave = i.opcode().equals("sin") || i.opcode().equals("cos");
        int parts = registers.parts(VectorKind.FLOAT);
        int[] results = new int[parts];
        for (int part = 0; part < parts; part++) {
            int source = code.allocateLocal(TypeKind.REFERENCE);
            registers.push(i, i.operand(1), Type.F32, part);
            if (i.has("ftz")) {
                arithmetic.flush();
            }
            code.astore(source);
            if (isWave) {
                requireSmall(source, otherwise);
            }
            int[] halves = new int[2];
            for (int half = 0; half < 2; half++) {
                code.aload(source);
                VectorKind.DOUBLE.convertShape(code, "F2D", registers.vectorBits, half);
                int x = keep();
                halves[half] = switch (i.opcode()) {
                    case "ex2" -> power(x);
                    case "lg2" -> logarithm(x);
                    default -> wave(x, i.opcode().equals("cos") ? 1 : 0);
                };
            }
            conversions.pushNarrow(halves[0], halves[1]);
            if (i.has("ftz")) {
                arithmetic.flush();
            }
            if (e.isNanMade(i, i.definitions().getFirst())) {
                registers.canonicalNans();
            }
            results[part] = keep();
        }
        for (int part = 0; part < parts; part++) {
            code.aload(results[part]);
            registers.popBits(i.operand(0), VectorKind.FLOAT, part);
        }
    }

    private void requireSmall(int floats, Label otherwise) {
        code.aload(floats);
        VectorKind.FLOAT.unary(code, "abs");
        VectorKind.FLOAT.species(code, registers.vectorBits);
        code.loadConstant(Approximations.MOST_ANGLE);
        VectorKind.FLOAT.broadcast(code);
        VectorKind.FLOAT.compare(code, "LT");
        VectorKind.bitsOfMask(code);
        code.loadConstant((1L << registers.lanes(VectorKind.FLOAT)) - 1).lcmp().ifne(otherwise);
    }

    private int power(int a) {
        code.aload(a);
        constant(Approximations.MOST_EXPONENT);
        VectorKind.DOUBLE.binary(code, "min");
        constant(Approximations.LEAST_EXPONENT);
        VectorKind.DOUBLE.binary(code, "max");
        int x = keep();
        code.aload(x);
        constant(Approximations.ROUNDER);
        int rounded = keep("add");
        code.aload(x).aload(rounded);
        constant(Approximations.ROUNDER);
        VectorKind.DOUBLE.binary(code, "sub");
        int fraction = keep("sub");
        polynomial(Approximations.powers(), fraction);
        VectorKind.DOUBLE.reinterpretAs(code, VectorKind.LONG);
        code.aload(rounded);
        VectorKind.DOUBLE.reinterpretAs(code, VectorKind.LONG);
        shift("LSHL");
        VectorKind.LONG.binary(code, "add");
        VectorKind.LONG.reinterpretAs(code, VectorKind.DOUBLE);
        keepNans(a);
        return keep();
    }

    private int logarithm(int a) {
        code.aload(a);
        VectorKind.DOUBLE.reinterpretAs(code, VectorKind.LONG);
        int bits = keep();
        code.aload(bits);
        constant(Approximations.ROOT_BITS);
        VectorKind.LONG.binary(code, "sub");
        shift("ASHR");
        int exponent = keep();
        code.aload(bits).aload(exponent);
        shift("LSHL");
        VectorKind.LONG.binary(code, "sub");
        VectorKind.LONG.reinterpretAs(code, VectorKind.DOUBLE);
        int m = keep();
        code.aload(m);
        constant(1.0);
        VectorKind.DOUBLE.binary(code, "sub");
        code.aload(m);
        constant(1.0);
        VectorKind.DOUBLE.binary(code, "add");
        int s = keep("div");
        code.aload(s).aload(s);
        int square = keep("mul");
        code.aload(s);
        polynomial(Approximations.logarithms(), square);
        constant(Approximations.ROUNDER_BITS);
        code.aload(exponent);
        VectorKind.LONG.binary(code, "add");
        VectorKind.LONG.reinterpretAs(code, VectorKind.DOUBLE);
        constant(Approximations.ROUNDER);
        VectorKind.DOUBLE.binary(code, "sub");
        VectorKind.DOUBLE.fma(code);
        blend(a, "LT", 0.0, Double.NaN);
        blend(a, "EQ", 0.0, Double.NEGATIVE_INFINITY);
        blend(a, "EQ", Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        keepNans(a);
        return keep();
    }

    private int wave(int a, int quadrants) {
        code.aload(a);
        constant(Approximations.QUADRANTS);
        constant(Approximations.ROUNDER);
        VectorKind.DOUBLE.fma(code);
        int rounded = keep();
        code.aload(rounded);
        constant(Approximations.ROUNDER);
        int n = keep("sub");
        code.aload(n);
        constant(-Approximations.QUADRANT_REST);
        code.aload(n);
        constant(-Approximations.QUADRANT);
        code.aload(a);
        VectorKind.DOUBLE.fma(code);
        VectorKind.DOUBLE.fma(code);
        int r = keep();
        code.aload(r).aload(r);
        int square = keep("mul");
        code.aload(rounded);
        VectorKind.DOUBLE.reinterpretAs(code, VectorKind.LONG);
        constant((long) quadrants);
        VectorKind.LONG.binary(code, "add");
        int quadrant = keep();
        code.aload(r);
        polynomial(Approximations.sines(), square);
        VectorKind.DOUBLE.binary(code, "mul");
        polynomial(Approximations.cosines(), square);
        pushBits(quadrant, 1);
        constant(0L);
        VectorKind.LONG.compare(code, "NE");
        castToDoubles();
        VectorKind.DOUBLE.blend(code);
        VectorKind.DOUBLE.reinterpretAs(code, VectorKind.LONG);
        pushBits(quadrant, 2);
        code.getstatic(VectorKind.OPERATORS, "LSHL", VectorKind.BINARY);
        constant(62L);
        VectorKind.LONG.lanewise(code);
        VectorKind.LONG.operate(code, "XOR");
        VectorKind.LONG.reinterpretAs(code, VectorKind.DOUBLE);
        return keep();
    }

    // Steps

    /** By Horner. */
    private void polynomial(double[] coefficients, int x) {
        constant(coefficients[coefficients.length - 1]);
        for (int k = coefficients.length - 2; k >= 0; k--) {
            code.aload(x);
            constant(coefficients[k]);
            VectorKind.DOUBLE.fma(code);
        }
    }

    private void pushBits(int longs, long bits) {
        code.aload(longs);
        constant(bits);
        VectorKind.LONG.operate(code, "AND");
    }

    private void shift(String operator) {
        code.getstatic(VectorKind.OPERATORS, operator, VectorKind.BINARY);
        constant((long) Approximations.FRACTION_BITS);
        VectorKind.LONG.lanewise(code);
    }

    /** Where a compares so with what it is held against, the value on the stack becomes another. */
    private void blend(int a, String comparison, double against, double value) {
        constant(value);
        code.aload(a);
        constant(against);
        VectorKind.DOUBLE.compare(code, comparison);
        VectorKind.DOUBLE.blend(code);
    }

    private void keepNans(int a) {
        code.aload(a).aload(a).aload(a);
        VectorKind.DOUBLE.compare(code, "NE");
        VectorKind.DOUBLE.blend(code);
    }

    /** A mask of longs on the stack becomes one of doubles. */
    private void castToDoubles() {
        VectorKind.DOUBLE.species(code, registers.vectorBits);
        VectorKind.castMask(code);
    }

    private int keep() {
        int local = code.allocateLocal(TypeKind.REFERENCE);
        code.astore(local);
        return local;
    }

    private int keep(String operation) {
        VectorKind.DOUBLE.binary(code, operation);
        return keep();
    }

    private void constant(double value) {
        VectorKind.DOUBLE.species(code, registers.vectorBits);
        code.loadConstant(value);
        VectorKind.DOUBLE.broadcast(code);
    }

    private void constant(long value) {
        VectorKind.LONG.species(code, registers.vectorBits);
        code.loadConstant(value);
        VectorKind.LONG.broadcast(code);
    }
}
