package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.util.List;
import org.v4vgpu.device.ptx.runtime.VideoMath;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/** Video instructions, scalar and of two or four parts, without selectors of parts. Source: PTX ISA 9.7.17 and 9.7.18. */
final class VideoEmitter {
    private static final TypeKind INT = TypeKind.INT;
    private static final List<String> OPERATIONS =
            List.of("vadd", "vsub", "vavrg", "vabsdiff", "vmin", "vmax", "vshl", "vshr");
    private static final List<String> COMPARISONS = List.of("eq", "ne", "lt", "le", "gt", "ge");

    private VideoEmitter() {}

    static boolean handles(Instruction i) {
        String name = i.opcode();
        return name.equals("vset") || name.equals("vset2") || name.equals("vset4") || OPERATIONS.contains(bare(name));
    }

    static void emit(Emitter e, Instruction i) {
        int parts = parts(i.opcode());
        String then = parts > 1 ? i.oneOf("add") : i.oneOf("add", "min", "max");
        if (parts == 1 && then.isEmpty() == i.operands().size() > 3) {
            throw e.refusal(i, then.isEmpty() ? "unsupported operand 4" : "needs a fourth operand");
        }
        for (int n = 1; n <= 3; n++) {
            if (n < i.operands().size()) {
                e.push(i, n, Type.B32);
            } else {
                e.code.iconst_0();
            }
        }
        e.code.loadConstant(operation(e, i));
        if (parts > 1) {
            e.code.loadConstant(32 / parts).loadConstant(notes(i, then));
            e.call(VideoMath.class, "lanes", INT, INT, INT, INT, INT, INT, INT);
        } else {
            e.code.loadConstant(notes(i, then));
            e.call(VideoMath.class, "scalar", INT, INT, INT, INT, INT, INT);
        }
        e.pop(i, i.operand(0), Type.B32);
    }

    private static int operation(Emitter e, Instruction i) {
        if (!bare(i.opcode()).equals("vset")) {
            boolean shifts = i.opcode().startsWith("vsh");
            if (shifts && i.has("clamp") == i.has("wrap")) {
                throw e.refusal(i, "needs .clamp or .wrap");
            }
            return OPERATIONS.indexOf(bare(i.opcode()));
        }
        int comparison = COMPARISONS.indexOf(i.oneOf("eq", "ne", "lt", "le", "gt", "ge"));
        if (comparison < 0) {
            throw e.refusal(i, "incomplete instruction");
        }
        return VideoMath.EQUAL + comparison;
    }

    /** Comparisons have no type of the result. */
    private static int notes(Instruction i, String then) {
        List<Type> types = i.types();
        return (types.size() == 3 && types.getFirst().isSigned() ? VideoMath.SIGNED_RESULT : 0)
                | (types.get(types.size() - 2).isSigned() ? VideoMath.SIGNED_A : 0)
                | (types.getLast().isSigned() ? VideoMath.SIGNED_B : 0)
                | (i.has("sat") ? VideoMath.SATURATE : 0)
                | (i.has("wrap") ? VideoMath.WRAP : 0)
                | switch (then) {
                    case "add" -> VideoMath.THEN_ADD;
                    case "min" -> VideoMath.THEN_MINIMUM;
                    case "max" -> VideoMath.THEN_MAXIMUM;
                    default -> 0;
                };
    }

    private static int parts(String opcode) {
        return opcode.endsWith("2") ? 2 : opcode.endsWith("4") ? 4 : 1;
    }

    private static String bare(String opcode) {
        return parts(opcode) == 1 ? opcode : opcode.substring(0, opcode.length() - 1);
    }
}
