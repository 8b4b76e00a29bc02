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
 * ex2, lg2, sin and cos of vectors. Each vector of floats is two of doubles meanwhile, of which {@link StripSeries}' methods compute the
 * function.
 */
final class StripFunctions {
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
        return StripSeries.FUNCTIONS.contains(i.opcode())
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
                code.aload(x);
                code.invokestatic(e.kernel.owner, StripSeries.name(i.opcode()), StripSeries.TYPE);
                halves[half] = keep();
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

    private int keep() {
        int local = code.allocateLocal(TypeKind.REFERENCE);
        code.astore(local);
        return local;
    }
}
