package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.v4vgpu.device.ptx.runtime.HalfMath;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/** Arithmetic of f16 and bf16, single and packed: values are their bits, in ints. Source: PTX ISA 9.7.4. */
final class HalfEmitter {
    private static final TypeKind INT = TypeKind.INT;

    private HalfEmitter() {}

    static void emit(Emitter e, Instruction i) {
        Type type = i.type();
        List<Integer> sources = new ArrayList<>();
        int count = sources(e, i);
        for (int n = 1; n <= count; n++) {
            int slot = e.code.allocateLocal(INT);
            e.push(i, n, type);
            e.code.istore(slot);
            sources.add(slot);
        }
        perform(e, i, sources, 0);
        if (type.isPacked()) {
            perform(e, i, sources, 16);
            e.code.loadConstant(16).ishl().ior();
        }
        e.pop(i, i.operand(0), type);
    }

    /** What to tell {@link HalfMath}. */
    static int notes(Instruction i) {
        Type type = i.lastType();
        return (type == Type.BF16 || type == Type.BF16X2 ? HalfMath.BFLOAT : 0)
                | (i.has("ftz") ? HalfMath.FLUSH : 0)
                | (i.has("sat") ? HalfMath.SATURATE : 0)
                | (i.has("relu") ? HalfMath.RELU : 0)
                | (i.has("NaN") ? HalfMath.NAN : 0)
                | (i.has("xorsign") ? HalfMath.SIGN_PRODUCT : 0);
    }

    /** Pushes the half that begins at a bit of what a local holds. */
    static void pushHalf(CodeBuilder code, int slot, int bit) {
        code.iload(slot);
        if (bit == 0) {
            code.loadConstant(0xFFFF).iand();
        } else {
            code.loadConstant(bit).iushr();
        }
    }

    private static int sources(Emitter e, Instruction i) {
        int count = switch (i.opcode()) {
            case "add", "sub", "mul", "min", "max" -> 2;
            case "fma" -> 3;
            default -> 1;
        };
        if (i.operands().size() != count + 1) {
            throw e.refusal(i, i.operands().size() + " operands");
        }
        if (!i.oneOf("rz", "rm", "rp", "cc", "lo", "hi", "wide").isEmpty()) {
            throw e.refusal(i, "unsupported modifier");
        }
        if (i.has("abs") != i.has("xorsign")) {
            throw e.refusal(i, "needs .xorsign.abs");
        }
        return count;
    }

    private static void perform(Emitter e, Instruction i, List<Integer> sources, int bit) {
        for (int slot : sources) {
            pushHalf(e.code, slot, bit);
        }
        e.code.loadConstant(notes(i));
        TypeKind[] arguments = new TypeKind[sources.size() + 1];
        Arrays.fill(arguments, INT);
        e.call(HalfMath.class, i.opcode(), INT, arguments);
    }
}
