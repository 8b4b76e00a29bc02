package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.v4vgpu.device.ptx.runtime.Atomics;
import org.v4vgpu.device.ptx.runtime.GenericAccess;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.runtime.WordAccess;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;

/** atom and red. All are sequentially consistent, whatever order and scope they ask for. Source: PTX ISA 9.7.13.4 and 9.7.13.6. */
final class AtomicEmitter {
    private AtomicEmitter() {}

    static void emit(Emitter e, Instruction i) {
        boolean returns = i.opcode().equals("atom");
        int first = returns ? 1 : 0;
        Place place = Place.of(e, i, i.operand(first));
        Type bits = switch (i.type().bits()) {
            case 16 -> Type.B16;
            case 64 -> Type.B64;
            default -> Type.B32;
        };
        if (i.vectorLength() > 1) {
            vector(e, i, place, bits);
            return;
        }
        String width = bits == Type.B16 ? "Short" : "";
        boolean swap = i.has("cas");
        if (swap != (i.operands().size() == first + 3)) {
            throw e.refusal(i, "unsupported operands");
        }
        List<ClassDesc> arguments = new ArrayList<>();
        Class<?> owner;
        if (place.space() == Space.GENERIC) {
            owner = GenericAccess.class;
            e.code.aload(e.block).iload(e.localBase);
            place.pushLong(e);
            arguments.addAll(List.of(Emitter.BLOCK, ConstantDescs.CD_int, ConstantDescs.CD_long));
        } else if (place.isWords()) {
            owner = WordAccess.class;
            place.pushWords(e);
            if (bits == Type.B16) {
                place.pushByteIndex(e);
            } else {
                place.pushIndex(e, i, bits.bytes());
            }
            arguments.addAll(List.of(Emitter.INTS, ConstantDescs.CD_int));
        } else {
            owner = GlobalAccess.class;
            place.pushNative(e, bits.bytes());
            arguments.add(ConstantDescs.CD_long);
        }
        ClassDesc value = RegisterKinds.of(bits).upperBound();
        if (swap) {
            e.push(i, first + 1, bits);
            e.push(i, first + 2, bits);
            arguments.add(value);
        } else {
            e.code.loadConstant(operation(e, i));
            e.push(i, first + 1, bits);
            arguments.add(ConstantDescs.CD_int);
        }
        arguments.add(value);
        e.call(owner, (swap ? "compareAndSwap" : "atomic") + width, MethodTypeDesc.of(value, arguments));
        e.pop(i, returns ? i.operand(0) : new Operand.Sink(), bits);
    }

    /** Each element for itself, in global memory; the address is that of the whole, and aligned to it. */
    private static void vector(Emitter e, Instruction i, Place place, Type bits) {
        int length = i.vectorLength();
        boolean returns = i.opcode().equals("atom");
        if (length * bits.bytes() > 16) {
            throw e.refusal(i, "more than 16 bytes");
        }
        List<Operand> sources = elements(e, i, i.operands().getLast());
        List<Operand> results =
                returns ? elements(e, i, i.operand(0)) : Collections.nCopies(length, new Operand.Sink());
        int operation = operation(e, i);
        int at = e.code.allocateLocal(TypeKind.LONG);
        // A generic address that is none of global memory is a fault, there and here.
        new Place(Space.GLOBAL, place.register(), place.symbol(), place.constant())
                .pushNative(e, length * bits.bytes());
        e.code.lstore(at);
        int[] values = new int[length];
        for (int n = 0; n < length; n++) {
            // All before the first result, which may go to one of their registers.
            values[n] = e.code.allocateLocal(TypeKind.INT);
            e.push(i, sources.get(n), bits);
            e.code.istore(values[n]);
        }
        for (int n = 0; n < length; n++) {
            e.code.lload(at)
                    .loadConstant((long) n * bits.bytes())
                    .ladd()
                    .loadConstant(operation)
                    .iload(values[n]);
            e.call(
                    GlobalAccess.class,
                    bits == Type.B16 ? "atomicShort" : "atomic",
                    TypeKind.INT,
                    TypeKind.LONG,
                    TypeKind.INT,
                    TypeKind.INT);
            e.pop(i, results.get(n), bits);
        }
    }

    private static List<Operand> elements(Emitter e, Instruction i, Operand operand) {
        if (!(operand instanceof Operand.Vector vector) || vector.elements().size() != i.vectorLength()) {
            throw e.refusal(i, "needs vectors of " + i.vectorLength() + " elements");
        }
        return vector.elements();
    }

    private static int operation(Emitter e, Instruction i) {
        boolean signed = i.type().isSigned();
        return switch (i.oneOf("add", "and", "or", "xor", "exch", "min", "max", "inc", "dec")) {
            case "add" -> add(e, i);
            case "and" -> wide(e, i, Atomics.AND);
            case "or" -> wide(e, i, Atomics.OR);
            case "xor" -> wide(e, i, Atomics.XOR);
            case "exch" -> wide(e, i, Atomics.EXCHANGE);
            case "min" ->
                i.type().isHalf()
                        ? half(e, i, Atomics.MIN_HALF)
                        : integer(e, i, signed ? Atomics.MIN_SIGNED : Atomics.MIN_UNSIGNED);
            case "max" ->
                i.type().isHalf()
                        ? half(e, i, Atomics.MAX_HALF)
                        : integer(e, i, signed ? Atomics.MAX_SIGNED : Atomics.MAX_UNSIGNED);
            case "inc" -> small(e, i, Atomics.INCREMENT);
            case "dec" -> small(e, i, Atomics.DECREMENT);
            default -> throw e.refusal(i, "incomplete instruction");
        };
    }

    private static int add(Emitter e, Instruction i) {
        return switch (i.type()) {
            case F32, F64 -> Atomics.ADD_FLOAT;
            case F16, F16X2 -> Atomics.ADD_HALF;
            case BF16, BF16X2 -> Atomics.ADD_BFLOAT;
            default -> wide(e, i, Atomics.ADD);
        };
    }

    /** Of vectors only. */
    private static int half(Emitter e, Instruction i, int operation) {
        if (i.vectorLength() == 1) {
            throw e.refusal(i, "unsupported type ." + i.type().ptxName());
        }
        boolean brain = i.type() == Type.BF16 || i.type() == Type.BF16X2;
        return brain ? operation + 1 : operation;
    }

    /** Of 16 bits there are only the addition of halves and cas. */
    private static int wide(Emitter e, Instruction i, int operation) {
        if (i.type().bits() == 16) {
            throw e.refusal(i, "unsupported type ." + i.type().ptxName());
        }
        return operation;
    }

    private static int integer(Emitter e, Instruction i, int operation) {
        if (i.type().isFloat()) {
            throw e.refusal(i, "unsupported type ." + i.type().ptxName());
        }
        return operation;
    }

    private static int small(Emitter e, Instruction i, int operation) {
        if (i.type() != Type.U32) {
            throw e.refusal(i, "unsupported type ." + i.type().ptxName());
        }
        return operation;
    }
}
