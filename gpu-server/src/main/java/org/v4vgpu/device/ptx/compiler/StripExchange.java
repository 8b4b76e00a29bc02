package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.SyncPoint;
import org.v4vgpu.device.ptx.runtime.WarpLanes;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * What the lanes of a warp, which is a strip, tell each other; and what the threads of a strip bring to a reduction of the block and
 * take from it. Those that run the block at hand take part, which must be all that the instruction names: else the strip gives up, and
 * single threads wait for the others.
 */
final class StripExchange {
    private static final ClassDesc KIND = Emitter.descriptor(SyncPoint.Kind.class);
    private static final ClassDesc INT_ROWS = Emitter.INTS.arrayType();
    private static final ClassDesc LONGS = ConstantDescs.CD_long.arrayType();

    private final Emitter e;
    private final CodeBuilder code;
    private final Shapes shapes;
    private final StripRegisters registers;
    private final StripMasks masks;
    private final Constants constants;
    private final Label giveUp;

    StripExchange(
            Emitter e, Shapes shapes, StripRegisters registers, StripMasks masks, Constants constants, Label giveUp) {
        this.e = e;
        this.code = e.code;
        this.shapes = shapes;
        this.registers = registers;
        this.masks = masks;
        this.constants = constants;
        this.giveUp = giveUp;
    }

    /** The operand that names the lanes that take part, or null where those do that are there. */
    static @Nullable Operand members(Instruction i) {
        return switch (i.opcode()) {
            case "bar.warp" -> i.operand(0);
            case "elect" -> i.operand(1);
            case "shfl" -> i.has("sync") ? i.operand(4) : null;
            case "vote", "redux", "match" -> i.has("sync") ? i.operand(2) : null;
            default -> null;
        };
    }

    void emit(Instruction i) {
        Operand members = members(i);
        if (members != null && masks.isPartial()) {
            e.push(i, members, Type.U32);
            masks.pushRunning();
            code.iconst_m1().ixor().iand().ifne(giveUp);
        }
        SyncPoint.Kind kind = SyncPoints.of(i).kind();
        switch (i.opcode()) {
            case "bar.warp", FlowGraph.LOCKSTEP -> {} // No lane is ahead of another.
            case "activemask" -> {
                pushGroup();
                popWord(i, i.operand(0));
            }
            case "elect" -> elect(i);
            case "vote" -> vote(i, kind);
            case "match" -> match(i, kind);
            case "redux" -> {
                toLanes(i, i.operand(1), 0);
                pushKind(kind);
                pushLanes(0);
                pushGroup();
                e.call(
                        WarpLanes.class,
                        "reduce",
                        MethodTypeDesc.of(ConstantDescs.CD_int, KIND, Emitter.INTS, ConstantDescs.CD_int));
                popWord(i, i.operand(0));
            }
            case "shfl" -> shuffle(i, kind);
            default -> throw e.refusal(i, "not an instruction of strips");
        }
    }

    // Votes

    private void vote(Instruction i, SyncPoint.Kind kind) {
        int bits = code.allocateLocal(TypeKind.INT);
        pushBits(i, i.operand(1));
        pushGroup();
        code.iand().istore(bits);
        switch (kind) {
            case VOTE_BALLOT -> {
                code.iload(bits);
                popWord(i, i.operand(0));
            }
            case VOTE_ANY -> popTruth(i, () -> code.iload(bits), null);
            case VOTE_ALL -> popTruth(i, null, () -> code.iload(bits));
            default -> popTruth(i, () -> code.iload(bits), () -> code.iload(bits));
        }
    }

    /**
     * Pops whether some of the group have been set, or all, or none or all where both are asked for.
     *
     * @param some pushes the bits
     * @param all pushes the bits
     */
    private void popTruth(Instruction i, @Nullable Runnable some, @Nullable Runnable all) {
        Label yes = code.newLabel();
        Label no = code.newLabel();
        Label end = code.newLabel();
        if (all != null) {
            all.run();
            pushGroup();
            code.if_icmpeq(yes);
        }
        if (some != null) {
            some.run();
            if (all == null) {
                code.ifne(yes);
            } else {
                code.ifeq(yes);
            }
        }
        code.goto_(no);
        code.labelBinding(yes).iconst_1().goto_(end);
        code.labelBinding(no).iconst_0().labelBinding(end);
        popShared(i, i.operand(0), Type.PRED);
    }

    /** The first of the group. */
    private void elect(Instruction i) {
        Operand word = i.operand(0) instanceof Operand.Pair pair ? pair.first() : i.operand(0);
        pushGroup();
        e.call(Integer.class, "numberOfTrailingZeros", TypeKind.INT, TypeKind.INT);
        popWord(i, word);
        pushGroup();
        e.call(Integer.class, "lowestOneBit", TypeKind.INT, TypeKind.INT);
        popBits(i, i.operand(0) instanceof Operand.Pair pair ? pair.second() : new Operand.Sink());
    }

    // Matches

    private void match(Instruction i, SyncPoint.Kind kind) {
        boolean wide = i.type().bits() == 64;
        int values = code.allocateLocal(TypeKind.REFERENCE);
        code.aload(e.block)
                .getfield(Emitter.BLOCK, "laneLongs", LONGS.arrayType())
                .iconst_0()
                .aaload()
                .astore(values);
        if (wide) {
            for (int part = 0; part < registers.parts(VectorKind.LONG); part++) {
                registers.push(i, i.operand(1), Type.B64, part);
                code.aload(values).loadConstant(part * registers.lanes(VectorKind.LONG));
                VectorKind.LONG.intoArray(code);
            }
        } else {
            toLanes(i, i.operand(1), 0);
            pushLanes(0);
            code.aload(values);
            e.call(WarpLanes.class, "widen", MethodTypeDesc.of(ConstantDescs.CD_void, Emitter.INTS, LONGS));
        }
        code.aload(values);
        pushGroup();
        if (kind == SyncPoint.Kind.MATCH_ANY) {
            pushLanes(1);
            e.call(
                    WarpLanes.class,
                    "matchAny",
                    MethodTypeDesc.of(ConstantDescs.CD_void, LONGS, ConstantDescs.CD_int, Emitter.INTS));
            fromLanes(i.operand(0), 1);
            return;
        }
        int same = code.allocateLocal(TypeKind.INT);
        e.call(WarpLanes.class, "matchAll", MethodTypeDesc.of(ConstantDescs.CD_int, LONGS, ConstantDescs.CD_int));
        code.istore(same).iload(same);
        if (i.operand(0) instanceof Operand.Pair pair) {
            popWord(i, pair.first());
            code.iload(same);
            code.ifThenElse(java.lang.classfile.Opcode.IFNE, yes -> yes.iconst_1(), no -> no.iconst_0());
            popShared(i, pair.second(), Type.PRED);
        } else {
            popWord(i, i.operand(0));
        }
    }

    // Shuffles

    private void shuffle(Instruction i, SyncPoint.Kind kind) {
        OptionalInt distance = constants.of(i.operand(2));
        OptionalInt clamp = constants.of(i.operand(3));
        Operand word = i.operand(0) instanceof Operand.Pair pair ? pair.first() : i.operand(0);
        Operand inside = i.operand(0) instanceof Operand.Pair pair ? pair.second() : new Operand.Sink();
        if (!masks.isPartial() && distance.isPresent() && clamp.isPresent()) {
            KnownShuffle known = new KnownShuffle(kind, distance.getAsInt(), clamp.getAsInt());
            if (known.isShift()) {
                shift(i, known, word);
                code.loadConstant(known.inside());
                popBits(i, inside);
                return;
            }
        }
        toLanes(i, i.operand(1), 0);
        toLanes(i, i.operand(2), 1);
        toLanes(i, i.operand(3), 2);
        pushKind(kind);
        pushLanes(0);
        pushLanes(1);
        pushLanes(2);
        pushGroup();
        pushLanes(3);
        e.call(
                WarpLanes.class,
                "shuffle",
                MethodTypeDesc.of(
                        ConstantDescs.CD_int,
                        KIND,
                        Emitter.INTS,
                        Emitter.INTS,
                        Emitter.INTS,
                        ConstantDescs.CD_int,
                        Emitter.INTS));
        popBits(i, inside);
        fromLanes(word, 3);
    }

    /** Lanes that take their values from the same distance do it together, by way of memory where that cuts through vectors. */
    private void shift(Instruction i, KnownShuffle known, Operand word) {
        int parts = registers.parts(VectorKind.INT);
        int lanes = registers.lanes(VectorKind.INT);
        int row = code.allocateLocal(TypeKind.REFERENCE);
        if (word instanceof Operand.Sink) {
            return;
        }
        if (!known.movesWhole(lanes)) {
            code.aload(e.block)
                    .getfield(Emitter.BLOCK, "exchange", Emitter.INTS)
                    .astore(row);
            for (int part = 0; part < parts; part++) {
                registers.pushBits(i, i.operand(1), part);
                code.aload(row).loadConstant(registers.threads + part * lanes);
                VectorKind.INT.intoArray(code);
            }
        }
        // The target may be the source: all are read before one is written.
        for (int part = 0; part < parts; part++) {
            int first = part * lanes;
            boolean begun = false;
            for (int offset : known.offsets(first, lanes)) {
                if (offset % lanes == 0) {
                    registers.pushBits(i, i.operand(1), part + offset / lanes);
                } else {
                    VectorKind.INT.species(code, registers.vectorBits);
                    code.aload(row).loadConstant(registers.threads + first + offset);
                    VectorKind.INT.fromArray(code);
                }
                if (begun) {
                    VectorKind.INT.species(code, registers.vectorBits);
                    code.loadConstant((long) known.lanes(first, lanes, offset));
                    VectorKind.maskOfBits(code);
                    VectorKind.INT.blend(code);
                }
                begun = true;
            }
        }
        for (int part = parts - 1; part >= 0; part--) {
            registers.popBits(word, VectorKind.INT, part);
        }
    }

    // Reductions of the block

    /** Leaves what the threads of a strip bring to what they wait at. */
    void giveOperands(Instruction sync) {
        if (!sync.opcode().equals("bar.red")) {
            return;
        }
        int bits = code.allocateLocal(TypeKind.INT);
        pushBits(sync, sync.operand(2));
        code.istore(bits);
        for (int part = 0; part < registers.parts(VectorKind.INT); part++) {
            int first = part * registers.lanes(VectorKind.INT);
            VectorKind.INT.species(code, registers.vectorBits);
            code.iconst_0();
            VectorKind.INT.broadcast(code);
            VectorKind.INT.species(code, registers.vectorBits);
            code.iconst_1();
            VectorKind.INT.broadcast(code);
            VectorKind.INT.species(code, registers.vectorBits);
            code.iload(bits).loadConstant(first).iushr().i2l();
            VectorKind.maskOfBits(code);
            VectorKind.INT.blend(code);
            pushRow("operands", 2);
            code.iload(e.thread).loadConstant(first).iadd();
            VectorKind.INT.intoArray(code);
        }
    }

    /** Takes what all threads get. */
    void takeResult(Instruction sync, int register) {
        pushRow("results", SyncOperands.resultIndex(sync, register));
        code.iload(e.thread).iaload();
        popShared(sync, new Operand.Register(register), e.type(register) == Type.PRED ? Type.PRED : Type.B32);
    }

    private void pushRow(String field, int row) {
        code.aload(e.block)
                .getfield(Emitter.BLOCK, field, INT_ROWS)
                .loadConstant(row)
                .aaload();
    }

    // Operands

    private void pushKind(SyncPoint.Kind kind) {
        code.getstatic(KIND, kind.name(), KIND);
    }

    /** Those who run the block at hand. */
    private void pushGroup() {
        if (masks.isPartial()) {
            masks.pushRunning();
        } else {
            code.loadConstant(registers.all);
        }
    }

    /** The row of the lanes of a warp. */
    private void pushLanes(int row) {
        pushRow("laneInts", row);
    }

    private void toLanes(Instruction i, Operand value, int row) {
        for (int part = 0; part < registers.parts(VectorKind.INT); part++) {
            registers.push(i, value, Type.B32, part);
            pushLanes(row);
            code.loadConstant(part * registers.lanes(VectorKind.INT));
            VectorKind.INT.intoArray(code);
        }
    }

    private void fromLanes(Operand target, int row) {
        if (target instanceof Operand.Sink) {
            return;
        }
        for (int part = 0; part < registers.parts(VectorKind.INT); part++) {
            VectorKind.INT.species(code, registers.vectorBits);
            pushLanes(row);
            code.loadConstant(part * registers.lanes(VectorKind.INT));
            VectorKind.INT.fromArray(code);
            registers.popBits(target, VectorKind.INT, part);
        }
    }

    /** Pushes a predicate as a bit for each thread. */
    private void pushBits(Instruction i, Operand predicate) {
        switch (predicate) {
            case Operand.Register register -> registers.pushBits(register.index());
            case Operand.Negated negated -> {
                registers.pushBits(negated.register().index());
                code.loadConstant(registers.all).ixor();
            }
            default -> {
                e.push(i, predicate, Type.PRED);
                code.ineg().loadConstant(registers.all).iand();
            }
        }
    }

    private void popWord(Instruction i, Operand target) {
        popShared(i, target, Type.B32);
    }

    /** Pops what is the same for all. */
    private void popShared(Instruction i, Operand target, Type type) {
        e.pop(i, target, type);
        if (target instanceof Operand.Register register
                && shapes.of(register.index()).isVarying()) {
            registers.spread(register.index());
        }
    }

    /** Pops a bit for each thread. */
    private void popBits(Instruction i, Operand target) {
        switch (target) {
            case Operand.Register register
            when registers.isMask(register.index()) -> code.istore(e.slot(register.index()));
            case Operand.Sink _ -> code.pop();
            default -> throw e.refusal(i, "not a predicate");
        }
    }
}
