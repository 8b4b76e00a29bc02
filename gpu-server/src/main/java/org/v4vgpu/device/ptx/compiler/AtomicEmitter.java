package org.v4vgpu.device.ptx.compiler;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
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

    private static int operation(Emitter e, Instruction i) {
        boolean signed = i.type().isSigned();
        return switch (i.oneOf("add", "and", "or", "xor", "exch", "min", "max", "inc", "dec")) {
            case "add" -> add(e, i);
            case "and" -> wide(e, i, Atomics.AND);
            case "or" -> wide(e, i, Atomics.OR);
            case "xor" -> wide(e, i, Atomics.XOR);
            case "exch" -> wide(e, i, Atomics.EXCHANGE);
            case "min" -> integer(e, i, signed ? Atomics.MIN_SIGNED : Atomics.MIN_UNSIGNED);
            case "max" -> integer(e, i, signed ? Atomics.MAX_SIGNED : Atomics.MAX_UNSIGNED);
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
