package org.v4vgpu.device.ptx.compiler;

import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.v4vgpu.device.ptx.runtime.AccessChecks;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;

/** Tells {@link AccessChecks} of every memory access of a kernel that is compiled with checks. Addresses have no side effects: they are computed twice. */
final class CheckEmitter {
    private static final MethodTypeDesc ACCESS = MethodTypeDesc.of(
            ConstantDescs.CD_void,
            Emitter.BLOCK,
            ConstantDescs.CD_int,
            ConstantDescs.CD_long,
            ConstantDescs.CD_long,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int);

    private static final MethodTypeDesc COPY = MethodTypeDesc.of(
            ConstantDescs.CD_void,
            Emitter.BLOCK,
            ConstantDescs.CD_int,
            ConstantDescs.CD_long,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int);

    private CheckEmitter() {}

    /** What comes before an instruction. */
    static void before(Emitter e, Instruction i) {
        switch (i.opcode()) {
            case "ld", "ldu" -> access(e, i, i.operand(1), AccessChecks.READ);
            case "st" -> access(e, i, i.operand(0), AccessChecks.WRITE);
            case "atom" -> access(e, i, i.operand(1), AccessChecks.READ | AccessChecks.WRITE | AccessChecks.STRONG);
            case "red" -> access(e, i, i.operand(0), AccessChecks.READ | AccessChecks.WRITE | AccessChecks.STRONG);
            case "cp.async" -> {
                AsyncEmitter.pushCopy(e, i);
                e.code.iload(e.thread).loadConstant(i.line());
                e.call(AccessChecks.class, "copy", COPY);
            }
            case "mbarrier.init" -> barrier(e, i, 0, AccessChecks.WRITE);
            case "mbarrier.inval" -> barrier(e, i, 0, AccessChecks.READ | AccessChecks.WRITE);
            case "mbarrier.arrive", "mbarrier.arrive_drop" ->
                barrier(e, i, 1, AccessChecks.READ | AccessChecks.WRITE | AccessChecks.STRONG);
            case "mbarrier.expect_tx", "mbarrier.complete_tx", "cp.async.mbarrier" ->
                barrier(e, i, 0, AccessChecks.READ | AccessChecks.WRITE | AccessChecks.STRONG);
            case "mbarrier.test_wait", "mbarrier.try_wait" -> barrier(e, i, 1, AccessChecks.READ | AccessChecks.STRONG);
            default -> {}
        }
    }

    /** An mbarrier is a word of 64 bits; arriving there and waiting for it order what is around them. */
    private static void barrier(Emitter e, Instruction i, int operand, int kind) {
        Place place = Place.of(e, i, i.operand(operand));
        e.code.aload(e.block).iload(e.thread);
        place.pushLong(e);
        e.code.lconst_0()
                .loadConstant(Long.BYTES)
                .loadConstant(kind | (place.space() == Space.SHARED ? AccessChecks.SHARED : 0))
                .loadConstant(i.line());
        e.call(AccessChecks.class, "access", ACCESS);
    }

    /** What comes after an instruction: others than those above may write shared memory. */
    static void after(Emitter e, Instruction i) {
        boolean watched = switch (i.opcode()) {
            case "ld",
                    "ldu",
                    "st",
                    "atom",
                    "red",
                    "mov",
                    "cvta",
                    "isspacep",
                    "call",
                    "prefetch",
                    "prefetchu",
                    "cp.async" -> true;
            default -> i.opcode().startsWith("mbarrier.") || i.opcode().startsWith("cp.async.");
        };
        if (!watched
                && (i.space() == Space.SHARED || i.operands().stream().anyMatch(Operand.Address.class::isInstance))) {
            e.code.aload(e.block);
            e.call(AccessChecks.class, "unwatched", MethodTypeDesc.of(ConstantDescs.CD_void, Emitter.BLOCK));
        }
    }

    private static void access(Emitter e, Instruction i, Operand operand, int kind) {
        if (!(operand instanceof Operand.Address)) {
            return; // A parameter.
        }
        Place place = Place.of(e, i, operand);
        int space = switch (place.space()) {
            case SHARED -> AccessChecks.SHARED;
            case GLOBAL, CONST -> AccessChecks.GLOBAL;
            case GENERIC -> 0;
            case LOCAL, PARAM -> -1;
        };
        if (space < 0) {
            return;
        }
        boolean strong =
                !i.oneOf("volatile", "relaxed", "acquire", "release", "acq_rel").isEmpty();
        boolean valued = i.opcode().equals("st") && space != AccessChecks.GLOBAL && i.vectorLength() == 1;
        e.code.aload(e.block).iload(e.thread);
        place.pushLong(e);
        if (valued) {
            pushValue(e, i);
        } else {
            e.code.lconst_0();
        }
        e.code.loadConstant(i.type().bytes() * i.vectorLength())
                .loadConstant(kind | space | (strong ? AccessChecks.STRONG : 0) | (valued ? AccessChecks.VALUE : 0))
                .loadConstant(i.line());
        e.call(AccessChecks.class, "access", ACCESS);
    }

    /** The bits of what a store writes, zero-extended. */
    private static void pushValue(Emitter e, Instruction i) {
        Type bits = switch (i.type().bytes()) {
            case 1 -> Type.B8;
            case 2 -> Type.B16;
            case 4 -> Type.B32;
            default -> Type.B64;
        };
        e.pushWide(i, i.operand(1), bits);
        if (bits != Type.B64) {
            e.code.i2l();
            if (bits == Type.B32) {
                e.code.loadConstant(0xFFFF_FFFFL).land();
            }
        }
    }
}
