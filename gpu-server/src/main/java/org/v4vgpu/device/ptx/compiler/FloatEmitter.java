package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.util.Arrays;
import org.v4vgpu.device.ptx.runtime.FloatMath;
import org.v4vgpu.device.ptx.runtime.Rounding;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * Floating-point arithmetic. Java rounds to nearest and keeps denormals, as PTX does without .ftz; multiplication and addition are
 * never fused here, though without .rn they may be. Source: PTX ISA 9.7.3.
 */
final class FloatEmitter {
    private FloatEmitter() {}

    static void emit(Emitter e, Instruction i) {
        Type type = i.type();
        if (i.has("relu")) {
            throw e.refusal(i, "unsupported modifier .relu");
        }
        if (type == Type.F32X2) {
            pair(e, i);
            return;
        }
        TypeKind kind = RegisterKinds.of(type);
        int sources = sources(i.opcode());
        for (int n = 1; n <= sources; n++) {
            pushSource(e, i, n, kind);
        }
        if (i.opcode().equals("testp")) {
            test(e, i, kind);
            return;
        }
        compute(e, i, kind, sources);
        if (i.operands().size() > sources + 1) {
            third(e, i, kind);
        }
        e.pop(i, i.operand(0), type);
    }

    private static void pushSource(Emitter e, Instruction i, int n, TypeKind kind) {
        e.push(i, n, i.type());
        flush(e, i, kind);
        if (i.has("abs") && !i.has("xorsign")) {
            e.call(Math.class, "abs", kind, kind);
        }
    }

    /** From the sources on the stack to the result. */
    private static void compute(Emitter e, Instruction i, TypeKind kind, int sources) {
        int mode = mode(i);
        if (mode > 0) {
            directed(e, i, kind, sources, mode);
        } else {
            nearest(e, i, kind, kind == TypeKind.FLOAT);
        }
        flush(e, i, kind);
        if (i.has("sat")) {
            e.call(FloatMath.class, "saturate", kind, kind);
        }
    }

    /** The least or greatest of three. */
    private static void third(Emitter e, Instruction i, TypeKind kind) {
        if (kind != TypeKind.FLOAT || (!i.opcode().equals("min") && !i.opcode().equals("max"))) {
            throw e.refusal(i, i.operands().size() + " operands");
        }
        pushSource(e, i, 3, kind);
        compute(e, i, kind, 2);
    }

    /** Two floats in 64 bits. */
    private static void pair(Emitter e, Instruction i) {
        CodeBuilder code = e.code;
        int sources = sources(i.opcode());
        int[] slots = new int[sources];
        for (int n = 0; n < sources; n++) {
            slots[n] = code.allocateLocal(TypeKind.LONG);
            e.push(i, n + 1, Type.B64);
            code.lstore(slots[n]);
        }
        for (int shift = 0; shift <= 32; shift += 32) {
            for (int slot : slots) {
                code.lload(slot).loadConstant(shift).lushr().l2i();
                e.bits(TypeKind.INT, TypeKind.FLOAT);
                flush(e, i, TypeKind.FLOAT);
            }
            compute(e, i, TypeKind.FLOAT, sources);
            e.canonicalNan();
            e.bits(TypeKind.FLOAT, TypeKind.INT);
            code.i2l();
            if (shift == 0) {
                code.loadConstant(0xFFFF_FFFFL).land();
            } else {
                code.loadConstant(32).lshl().lor();
            }
        }
        e.pop(i, i.operand(0), Type.B64);
    }

    /** 0 to nearest, 1 towards zero, 2 down, 3 up. */
    static int mode(Instruction i) {
        return switch (i.oneOf("rz", "rm", "rp")) {
            case "rz" -> 1;
            case "rm" -> 2;
            case "rp" -> 3;
            default -> 0;
        };
    }

    private static int sources(String opcode) {
        return switch (opcode) {
            case "add", "sub", "mul", "div", "min", "max", "copysign" -> 2;
            case "fma", "mad" -> 3;
            default -> 1;
        };
    }

    private static void flush(Emitter e, Instruction i, TypeKind kind) {
        if (i.has("ftz") && kind == TypeKind.FLOAT) {
            e.call(FloatMath.class, "ftz", TypeKind.FLOAT, TypeKind.FLOAT);
        }
    }

    private static void directed(Emitter e, Instruction i, TypeKind kind, int sources, int mode) {
        String name = switch (i.opcode()) {
            case "add", "sub", "mul", "div", "fma", "rcp", "sqrt" -> i.opcode();
            case "mad" -> "fma";
            default -> throw e.refusal(i, "unsupported rounding");
        };
        e.code.loadConstant(mode);
        TypeKind[] arguments = new TypeKind[sources + 1];
        Arrays.fill(arguments, kind);
        arguments[sources] = TypeKind.INT;
        e.call(Rounding.class, name, kind, arguments);
    }

    private static void nearest(Emitter e, Instruction i, TypeKind kind, boolean single) {
        CodeBuilder code = e.code;
        switch (i.opcode()) {
            case "add" -> arithmetic(single, code::fadd, code::dadd);
            case "sub" -> arithmetic(single, code::fsub, code::dsub);
            case "mul" -> arithmetic(single, code::fmul, code::dmul);
            case "div" -> arithmetic(single, code::fdiv, code::ddiv);
            case "neg" -> arithmetic(single, code::fneg, code::dneg);
            case "fma", "mad" -> e.call(Math.class, "fma", kind, kind, kind, kind);
            case "abs" -> e.call(Math.class, "abs", kind, kind);
            case "min", "max" -> extreme(e, i, kind);
            case "rcp" -> reciprocal(e, i, single);
            case "sqrt" -> e.call(single ? FloatMath.class : Math.class, "sqrt", kind, kind);
            case "rsqrt" -> e.call(FloatMath.class, !single && i.has("ftz") ? "rsqrtApproximate" : "rsqrt", kind, kind);
            case "sin", "cos", "ex2", "lg2", "tanh" -> e.call(FloatMath.class, i.opcode(), kind, kind);
            case "copysign" -> e.call(FloatMath.class, "copysign", kind, kind, kind);
            default -> throw e.refusal(i, "unsupported instruction");
        }
    }

    /** Of two sources .abs stands with .xorsign only, of three alone. */
    private static void extreme(Emitter e, Instruction i, TypeKind kind) {
        if (!i.has("xorsign")) {
            if (i.has("abs") && i.operands().size() == 3) {
                throw e.refusal(i, "needs .xorsign.abs");
            }
            e.call(i.has("NaN") ? Math.class : FloatMath.class, i.opcode(), kind, kind, kind);
            return;
        }
        if (kind != TypeKind.FLOAT || !i.has("abs")) {
            throw e.refusal(i, "unsupported modifier .xorsign");
        }
        e.code.loadConstant(i.has("NaN") ? 1 : 0);
        e.call(FloatMath.class, i.opcode() + "Magnitude", kind, kind, kind, TypeKind.INT);
    }

    private static void arithmetic(boolean single, Runnable ofFloat, Runnable ofDouble) {
        if (single) {
            ofFloat.run();
        } else {
            ofDouble.run();
        }
    }

    private static void reciprocal(Emitter e, Instruction i, boolean single) {
        CodeBuilder code = e.code;
        if (single) {
            code.fconst_1().swap().fdiv();
        } else if (i.has("approx")) {
            e.call(FloatMath.class, "rcpApproximate", TypeKind.DOUBLE, TypeKind.DOUBLE);
        } else {
            code.dconst_1().dup2_x2().pop2().ddiv();
        }
    }

    private static void test(Emitter e, Instruction i, TypeKind kind) {
        String what = i.oneOf("finite", "infinite", "number", "notanumber", "normal", "subnormal");
        boolean widened = !what.endsWith("normal");
        if (widened && kind == TypeKind.FLOAT) {
            e.code.f2d();
        }
        String name = switch (what) {
            case "finite" -> "isFinite";
            case "infinite" -> "isInfinite";
            case "number" -> "isNumber";
            case "notanumber" -> "isNotANumber";
            case "normal" -> "isNormal";
            case "subnormal" -> "isSubnormal";
            default -> throw e.refusal(i, "incomplete instruction");
        };
        e.call(FloatMath.class, name, TypeKind.INT, widened ? TypeKind.DOUBLE : kind);
        e.pop(i, i.operand(0), Type.PRED);
    }
}
