package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.v4vgpu.device.ptx.runtime.AsyncCopy;
import org.v4vgpu.device.ptx.runtime.MemoryBarrier;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * cp.async and mbarrier. A copy is made at once, which is one of the times at which it may be made; so what waits for copies has
 * nothing to do. Source: PTX ISA 9.7.9.25 and 9.7.13.15.
 */
final class AsyncEmitter {
    private static final TypeKind INT = TypeKind.INT;
    private static final TypeKind LONG = TypeKind.LONG;

    private AsyncEmitter() {}

    static void emit(Emitter e, Instruction i) {
        switch (i.opcode()) {
            case "cp.async" -> copy(e, i);
            case "cp.async.mbarrier" -> {
                // Without .noinc the count goes up by the one that it then goes down.
                if (i.has("noinc")) {
                    pushBarrier(e, i, 0);
                    e.code.iconst_1().iconst_0().iconst_0();
                    arrive(e);
                    e.code.pop2();
                }
            }
            case "mbarrier.init" -> {
                pushBarrier(e, i, 0);
                e.push(i, 1, Type.U32);
                e.call(
                        MemoryBarrier.class,
                        "initialize",
                        MethodTypeDesc.of(
                                ConstantDescs.CD_void, Emitter.INTS, ConstantDescs.CD_int, ConstantDescs.CD_int));
            }
            case "mbarrier.inval" -> e.code.nop();
            case "mbarrier.arrive", "mbarrier.arrive_drop" -> {
                boolean expects = i.has("expect_tx");
                boolean counts = i.operands().size() > 2;
                if (expects && !counts) {
                    throw e.refusal(i, "incomplete instruction");
                }
                pushBarrier(e, i, 1);
                if (counts && !expects) {
                    e.push(i, 2, Type.U32);
                } else {
                    e.code.iconst_1();
                }
                e.code.loadConstant(i.opcode().equals("mbarrier.arrive_drop") ? 1 : 0);
                if (expects) {
                    e.push(i, 2, Type.U32);
                } else {
                    e.code.iconst_0();
                }
                arrive(e);
                e.pop(i, i.operand(0), Type.B64);
            }
            case "mbarrier.expect_tx", "mbarrier.complete_tx" -> {
                pushBarrier(e, i, 0);
                e.push(i, 1, Type.U32);
                if (i.opcode().equals("mbarrier.complete_tx")) {
                    e.code.ineg();
                }
                e.call(
                        MemoryBarrier.class,
                        "expect",
                        MethodTypeDesc.of(
                                ConstantDescs.CD_void, Emitter.INTS, ConstantDescs.CD_int, ConstantDescs.CD_int));
            }
            case "mbarrier.test_wait", "mbarrier.try_wait" -> {
                // A hint how long to wait may follow; here a thread never waits in the instruction itself.
                pushBarrier(e, i, 1);
                boolean parity = i.has("parity");
                e.push(i, 2, parity ? Type.U32 : Type.B64);
                e.call(
                        MemoryBarrier.class,
                        parity ? "hasCompletedParity" : "hasCompleted",
                        MethodTypeDesc.of(
                                ConstantDescs.CD_int,
                                Emitter.INTS,
                                ConstantDescs.CD_int,
                                parity ? ConstantDescs.CD_int : ConstantDescs.CD_long));
                e.pop(i, i.operand(0), Type.PRED);
            }
            case "mbarrier.pending_count" -> {
                e.push(i, 1, Type.B64);
                e.call(MemoryBarrier.class, "pendingCount", INT, LONG);
                e.pop(i, i.operand(0), Type.U32);
            }
            default -> e.code.nop();
        }
    }

    private static void arrive(Emitter e) {
        e.call(
                MemoryBarrier.class,
                "arrive",
                MethodTypeDesc.of(
                        ConstantDescs.CD_long,
                        Emitter.INTS,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int));
    }

    /** Pushes the words of shared memory and the index of the barrier's first. */
    private static void pushBarrier(Emitter e, Instruction i, int operand) {
        e.code.aload(e.shared);
        Place.of(e, i, i.operand(operand)).pushShared(e, i);
        e.call(MemoryBarrier.class, "index", INT, INT);
    }

    private static void copy(Emitter e, Instruction i) {
        pushCopy(e, i);
        e.call(
                AsyncCopy.class,
                "copy",
                MethodTypeDesc.of(
                        ConstantDescs.CD_void,
                        Emitter.BLOCK,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int));
    }

    /** Pushes the block, where to in shared memory, where from, the size, and how much of it is taken. */
    static void pushCopy(Emitter e, Instruction i) {
        if (!i.has("global") || !(i.has("shared") || i.has("shared::cta"))) {
            throw e.refusal(i, "needs .shared.global");
        }
        if (!(i.operand(2) instanceof Operand.IntegerLiteral size)
                || (size.value() != 16 && (i.has("cg") || (size.value() != 4 && size.value() != 8)))) {
            throw e.refusal(i, "unsupported size");
        }
        e.code.aload(e.block);
        Place.of(e, i, i.operand(0), Space.SHARED).pushShared(e, i);
        Place.of(e, i, i.operand(1), Space.GLOBAL).pushLong(e);
        e.code.loadConstant((int) size.value());
        if (i.operands().size() < 4) {
            e.code.loadConstant((int) size.value());
        } else if (i.operand(3) instanceof Operand.Register register && e.type(register.index()) == Type.PRED) {
            // Where the predicate holds the source is ignored.
            e.push(i, 3, Type.PRED);
            e.code.iconst_1().ixor().loadConstant((int) size.value()).imul();
        } else {
            e.push(i, 3, Type.U32);
        }
    }
}
