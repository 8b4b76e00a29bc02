package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.util.BitSet;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Statement;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * Where a NaN gets the one pattern that results of single precision have, 0x7FFFFFFF; the processor has others. Only there where
 * its bits can be seen: registers that hold nothing but results of arithmetic keep the processor's NaNs (they are <i>late</i>), and
 * other arithmetic may read them, which asks only whether it is one. Stores, moves as bits, calls and exchanges between threads get the
 * pattern. A register that also gets bits from elsewhere, whose NaNs must stay what they are, gets its results with the pattern at once.
 *
 * <p>Source: PTX ISA 9.7.3 (NaN payloads of single precision are not preserved); CUDA C++ programming guide, floating-point standard.
 */
final class NanBits {
    /** Arithmetic whose NaNs are new ones. copysign is not: it moves bits. */
    private static final Set<String> ARITHMETIC = Set.of(
            "add", "sub", "mul", "mad", "fma", "div", "neg", "abs", "min", "max", "rcp", "sqrt", "rsqrt", "sin", "cos",
            "ex2", "lg2", "tanh");

    private static final Set<String> COPIES = Set.of("mov", "selp");
    private static final Set<String> COMPARISONS = Set.of("setp", "set", "testp");

    private NanBits() {}

    /** The registers of a function that are late. */
    static BitSet late(Function function, TypeKind[] kinds) {
        BitSet results = new BitSet();
        BitSet foreign = new BitSet();
        function.parameterRegisters().forEach(foreign::set);
        function.resultRegisters().forEach(foreign::set);
        for (Statement statement : function.body()) {
            if (statement instanceof Instruction i && !isCopy(i)) {
                i.definitions().forEach((isResult(i) ? results : foreign)::set);
            }
        }
        boolean grows = true;
        while (grows) {
            int before = results.cardinality() + foreign.cardinality();
            for (Statement statement : function.body()) {
                if (statement instanceof Instruction i && isCopy(i)) {
                    copy(i, results, foreign);
                }
            }
            grows = results.cardinality() + foreign.cardinality() > before;
        }
        results.andNot(foreign);
        for (int register = 0; register < kinds.length; register++) {
            if (kinds[register] != TypeKind.FLOAT) {
                results.clear(register);
            }
        }
        return results;
    }

    private static void copy(Instruction i, BitSet results, BitSet foreign) {
        int to = ((Operand.Register) i.operand(0)).index();
        int sources = i.opcode().equals("mov") ? 1 : 2;
        for (int n = 1; n <= sources; n++) {
            if (i.operand(n) instanceof Operand.Register from) {
                if (results.get(from.index())) {
                    results.set(to);
                }
                if (foreign.get(from.index())) {
                    foreign.set(to);
                }
            } else if (!isNumber(i.operand(n))) {
                foreign.set(to);
            }
        }
    }

    /** Whether it is a constant that is no NaN, as sums begin with: it is the same late or not. */
    private static boolean isNumber(Operand operand) {
        return switch (operand) {
            case Operand.RealLiteral real -> !Double.isNaN(real.value());
            case Operand.IntegerLiteral integer -> !Float.isNaN(Float.intBitsToFloat((int) integer.value()));
            default -> false;
        };
    }

    /** Whether an instruction may give a NaN that is its own, in single precision. */
    static boolean isResult(Instruction i) {
        if (i.types().isEmpty() || i.type() != Type.F32) {
            return false;
        }
        return i.opcode().equals("cvt") ? i.lastType().isFloat() : ARITHMETIC.contains(i.opcode());
    }

    /** Whether an instruction sees the bits of a NaN in a late register. */
    static boolean sees(Instruction i, BitSet late) {
        if (isCopy(i)) {
            return !late.get(((Operand.Register) i.operand(0)).index());
        }
        if (i.has("xorsign") || (i.opcode().equals("cvt") && i.type() == Type.F64)) {
            return true; // They take the sign, or all bits.
        }
        boolean computes =
                i.opcode().equals("cvt") || ARITHMETIC.contains(i.opcode()) || COMPARISONS.contains(i.opcode());
        return !computes || i.lastType() != Type.F32;
    }

    private static boolean isCopy(Instruction i) {
        return COPIES.contains(i.opcode())
                && i.operands().size() >= 2
                && i.operand(0) instanceof Operand.Register
                && !(i.operand(1) instanceof Operand.Vector);
    }
}
