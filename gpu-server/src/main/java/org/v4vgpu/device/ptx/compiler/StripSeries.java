package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;
import org.v4vgpu.device.ptx.runtime.Approximations;

/**
 * The methods of a class of strips that compute functions of vectors of doubles, in the very steps of {@link Approximations}: methods of
 * their own, for written out at every use they would make those of regions too long for the JVM's compilers.
 */
final class StripSeries {
    static final Set<String> FUNCTIONS = Set.of("ex2", "lg2", "sin", "cos");

    static final MethodTypeDesc TYPE = MethodTypeDesc.of(VectorKind.DOUBLE.type, VectorKind.DOUBLE.type);

    /** The local with the argument. */
    private static final int ARGUMENT = 0;

    private final CodeBuilder code;
    private final int vectorBits;

    private StripSeries(CodeBuilder code, int vectorBits) {
        this.code = code;
        this.vectorBits = vectorBits;
    }

    /** The method's name. */
    static String name(String function) {
        return "series_" + function;
    }

    /** Adds the methods of these functions. */
    static void define(ClassBuilder type, Set<String> functions, int vectorBits) {
        for (String function : functions) {
            type.withMethodBody(
                    name(function),
                    TYPE,
                    ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                    code -> new StripSeries(code, vectorBits).emit(function));
        }
    }

    private void emit(String function) {
        int result = switch (function) {
            case "ex2" -> power(ARGUMENT);
            case "lg2" -> logarithm(ARGUMENT);
            case "cos" -> wave(ARGUMENT, 1);
            default -> wave(ARGUMENT, 0);
        };
        code.aload(result).areturn();
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
        VectorKind.DOUBLE.species(code, vectorBits);
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
        VectorKind.DOUBLE.species(code, vectorBits);
        code.loadConstant(value);
        VectorKind.DOUBLE.broadcast(code);
    }

    private void constant(long value) {
        VectorKind.LONG.species(code, vectorBits);
        code.loadConstant(value);
        VectorKind.LONG.broadcast(code);
    }
}
