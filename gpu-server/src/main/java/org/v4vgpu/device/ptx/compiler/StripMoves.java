package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.runtime.LiveRanges;
import org.v4vgpu.device.ptx.runtime.PartedStrip;
import org.v4vgpu.device.ptx.runtime.Strips;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;

/**
 * Moves between memory and the vectors of a strip. Of global memory each {@link AccessRuns.Run} keeps in locals where memory was live when
 * it was last asked, so that most checks are a comparison.
 */
final class StripMoves {
    private static final ClassDesc MEMORY = ClassDesc.of("java.lang.foreign", "MemorySegment");
    /** Narrower processors have no instruction for it. */
    private static final int LEAST_GATHERED_BITS = 256;

    private static final ClassDesc RANGES = Emitter.descriptor(LiveRanges.class);

    private final Emitter e;
    private final CodeBuilder code;
    private final Shapes shapes;
    private final StripRules rules;
    private final AccessRuns runs;
    private final StripRegisters registers;
    private final StripMasks masks;
    private final StripTuples tuples;

    /** Where control goes when an access can't be done so, with nothing on the stack. */
    private Label giveUp;

    /** The local with what the block knows of live memory, where it is asked. */
    private int ranges = -1;

    StripMoves(
            Emitter e,
            Shapes shapes,
            StripRules rules,
            AccessRuns runs,
            StripRegisters registers,
            StripMasks masks,
            Label giveUp) {
        this.e = e;
        this.code = e.code;
        this.shapes = shapes;
        this.rules = rules;
        this.runs = runs;
        this.registers = registers;
        this.masks = masks;
        this.tuples = new StripTuples(e, registers);
        this.giveUp = giveUp;
    }

    /** Emits what stands before the loop over strips. */
    void open() {
        runs.all().stream()
                .map(AccessRuns.Run::words)
                .filter(words -> words > 1)
                .distinct()
                .forEach(tuples::open);
        for (AccessRuns.Run run : runs.all()) {
            if (run.isGlobal()) {
                if (ranges < 0) {
                    ranges = e.field("ranges", RANGES);
                }
                run.first = code.allocateLocal(TypeKind.LONG);
                run.limit = code.allocateLocal(TypeKind.LONG);
                reload(run);
            }
        }
    }

    /** @param otherwise where control goes when it can't be done so, instead of giving up; nothing is stored then */
    void emit(Instruction i, Label otherwise) {
        Label kept = giveUp;
        giveUp = otherwise;
        emit(i);
        giveUp = kept;
    }

    void emit(Instruction i) {
        boolean load = i.opcode().equals("ld");
        Place place = Place.of(e, i, i.operand(load ? 1 : 0));
        Operand value = i.operand(load ? 0 : 1);
        long stride = shapes.of(i.operand(load ? 1 : 0)).stride();
        if (!rules.isBeside(i)) {
            moveApart(i, place, stride, value, load);
            return;
        }
        boolean shared = StripRules.space(i) == Space.SHARED;
        AccessRuns.Run run = runs.of(i);
        if (run.slot < 0) {
            long least = run.least - place.constant();
            run.slot = shared
                    ? locateShared(place.plus((int) least), (int) (run.greatest - run.least) / Integer.BYTES)
                    : locateGlobal(place.plus((int) least), run);
        }
        Label apart = code.newLabel();
        Label done = code.newLabel();
        boolean partial = masks.isPartial();
        if (partial) {
            jumpUnlessFound(run, apart);
            if (!load) {
                masks.jumpUnlessAll(apart);
            }
        }
        if (shared) {
            moveShared(i, run, (int) (place.constant() - run.least), value, load);
        } else {
            moveGlobal(i, run.slot, place.constant() - run.least, value, load);
        }
        if (partial) {
            code.goto_(done).labelBinding(apart);
            moveApart(i, place, stride, value, load);
            code.labelBinding(done);
        }
    }

    /**
     * The same for addresses that vary, if all threads are here and their words turn out to lie side by side.
     *
     * @param otherwise where control goes if not, or if an address is wrong or odd; nothing is stored then
     */
    void seek(Instruction i, Label otherwise) {
        boolean load = i.opcode().equals("ld");
        if (!(i.operand(load ? 1 : 0) instanceof Operand.Address address)
                || !(address.base() instanceof Operand.Register base)) {
            throw new IllegalStateException(i.written());
        }
        if (masks.isPartial()) {
            masks.jumpUnlessAll(otherwise);
        }
        int bytes = i.type().bytes();
        int lanes = registers.lanes(VectorKind.LONG);
        int at = code.allocateLocal(TypeKind.LONG);
        code.aload(registers.slot(base.index())).iconst_0();
        VectorKind.LONG.lane(code);
        code.lstore(at);
        for (int part = 0; part < registers.parts(VectorKind.LONG); part++) {
            code.aload(registers.slot(base.index()) + part);
            VectorKind.LONG.species(code, registers.vectorBits);
            code.lload(at);
            if (part > 0) {
                code.loadConstant((long) part * lanes * bytes).ladd();
            }
            VectorKind.LONG.broadcast(code);
            code.loadConstant(bytes);
            VectorKind.LONG.addIndex(code);
            VectorKind.LONG.compare(code, "EQ");
            VectorKind.bitsOfMask(code);
            code.loadConstant((1L << lanes) - 1).lcmp().ifne(otherwise);
        }
        code.lload(at);
        if (address.offset() != 0) {
            code.loadConstant(address.offset()).ladd();
        }
        code.lstore(at);
        code.lload(at).loadConstant(bytes).loadConstant(bytes * registers.threads);
        code.aload(e.map).lload(e.base);
        e.call(
                Strips.class,
                "isLiveBeside",
                MethodTypeDesc.of(
                        ConstantDescs.CD_boolean,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_byte.arrayType(),
                        ConstantDescs.CD_long));
        code.ifeq(otherwise);
        code.lload(at).lload(e.delta).ladd().lstore(at);
        moveGlobal(i, at, 0, i.operand(load ? 0 : 1), load);
    }

    private void jumpUnlessFound(AccessRuns.Run run, Label elsewhere) {
        if (run.isGlobal()) {
            code.lload(run.slot).lconst_0().lcmp().iflt(elsewhere);
        } else {
            code.iload(run.slot).iflt(elsewhere);
        }
    }

    // Shared memory

    private void moveShared(Instruction i, AccessRuns.Run run, int behind, Operand value, boolean load) {
        int words = behind / Integer.BYTES;
        for (int part = 0; part < registers.parts(VectorKind.INT); part++) {
            if (load) {
                VectorKind.INT.species(code, registers.vectorBits);
            } else {
                registers.pushBits(i, value, part);
            }
            code.aload(e.shared).iload(run.slot);
            int offset = words + part * registers.lanes(VectorKind.INT);
            if (offset != 0) {
                code.loadConstant(offset).iadd();
            }
            if (load) {
                VectorKind.INT.fromArray(code);
                registers.popBits(value, VectorKind.INT, part);
            } else {
                VectorKind.INT.intoArray(code);
            }
        }
    }

    /** The local with the index of a strip's first word, behind which so many more must be there. */
    private int locateShared(Place place, int more) {
        int index = code.allocateLocal(TypeKind.INT);
        place.pushInt(e);
        code.aload(e.shared)
                .arraylength()
                .loadConstant(registers.threads + more)
                .isub();
        e.call(Strips.class, "index", TypeKind.INT, TypeKind.INT, TypeKind.INT);
        code.istore(index);
        if (!masks.isPartial()) {
            code.iload(index).iflt(giveUp);
        }
        return index;
    }

    // Words that do not lie side by side

    /** By way of an array; only for the threads that run the block at hand. */
    private void moveApart(Instruction i, Place place, long stride, Operand value, boolean load) {
        if (load
                && StripRules.space(i) == Space.SHARED
                && !masks.isPartial()
                && registers.vectorBits >= LEAST_GATHERED_BITS) {
            gatherShared(place, stride, value);
            return;
        }
        VectorKind kind = bits(i);
        boolean warp = registers.threads == Strips.WARP;
        int between = kind == VectorKind.LONG
                ? e.field(warp ? "warpLongs" : "stripLongs", kind.array())
                : e.field(warp ? "warp" : "strip", kind.array());
        if (!load) {
            moveBetween(i, value, between, false);
        }
        boolean shared = StripRules.space(i) == Space.SHARED;
        boolean partial = masks.isPartial();
        if (shared) {
            place.pushInt(e);
            code.i2l();
        } else {
            place.pushLong(e);
        }
        code.loadConstant(stride);
        List<ClassDesc> types = new ArrayList<>(List.of(ConstantDescs.CD_long, ConstantDescs.CD_long));
        if (shared) {
            code.aload(e.shared);
            types.add(Emitter.INTS);
        } else {
            code.aload(e.map).lload(e.base).lload(e.delta);
            types.add(ConstantDescs.CD_byte.arrayType());
            types.add(ConstantDescs.CD_long);
            types.add(ConstantDescs.CD_long);
        }
        code.aload(between);
        types.add(kind.array());
        if (partial) {
            masks.pushRunning();
            types.add(ConstantDescs.CD_int);
        }
        e.call(
                partial || kind == VectorKind.LONG ? PartedStrip.class : Strips.class,
                (load ? "gather" : "scatter") + (shared ? "" : "Global"),
                MethodTypeDesc.of(ConstantDescs.CD_boolean, types));
        code.ifeq(giveUp);
        if (load) {
            moveBetween(i, value, between, true);
        }
    }

    /** By the processor's own instruction, which takes half the time. */
    private void gatherShared(Place place, long stride, Operand value) {
        int index = code.allocateLocal(TypeKind.INT);
        int steps = code.allocateLocal(TypeKind.REFERENCE);
        place.pushInt(e);
        code.loadConstant((registers.threads - 1) * stride).aload(e.shared).arraylength();
        e.call(Strips.class, "index", TypeKind.INT, TypeKind.INT, TypeKind.LONG, TypeKind.INT);
        code.istore(index).iload(index).iflt(giveUp);
        code.aload(e.block).loadConstant((int) stride / Integer.BYTES);
        code.invokevirtual(Emitter.BLOCK, "steps", MethodTypeDesc.of(Emitter.INTS, ConstantDescs.CD_int));
        code.astore(steps);
        for (int part = 0; part < registers.parts(VectorKind.INT); part++) {
            VectorKind.INT.species(code, registers.vectorBits);
            code.aload(e.shared).iload(index).aload(steps);
            code.loadConstant(part * registers.lanes(VectorKind.INT));
            VectorKind.INT.gather(code);
            registers.popBits(value, VectorKind.INT, part);
        }
    }

    private static VectorKind bits(Instruction access) {
        return access.type().bytes() == 8 ? VectorKind.LONG : VectorKind.INT;
    }

    private void moveBetween(Instruction i, Operand value, int between, boolean load) {
        VectorKind kind = bits(i);
        for (int part = 0; part < registers.parts(kind); part++) {
            if (load) {
                kind.species(code, registers.vectorBits);
            } else {
                registers.pushBits(i, value, part);
            }
            code.aload(between).loadConstant(part * registers.lanes(kind));
            if (load) {
                kind.fromArray(code);
                registers.popBits(value, kind, part);
            } else {
                kind.intoArray(code);
            }
        }
    }

    // Global memory

    private void moveGlobal(Instruction i, int slot, long behind, Operand value, boolean load) {
        if (value instanceof Operand.Vector tuple) {
            IntConsumer push = n -> pushNative(slot, behind + (long) n * registers.vectorBits / 8);
            if (load) {
                tuples.load(i, tuple.elements(), push);
            } else {
                tuples.store(i, tuple.elements(), push);
            }
            return;
        }
        VectorKind kind = bits(i);
        boolean varies = value instanceof Operand.Register && shapes.of(value).isVarying();
        VectorKind own = varies && value instanceof Operand.Register register ? registers.kind(register.index()) : kind;
        for (int part = 0; part < registers.parts(kind); part++) {
            if (load) {
                own.species(code, registers.vectorBits);
            } else if (own == kind) {
                registers.pushBits(i, value, part);
            } else {
                registers.pushVector(i, ((Operand.Register) value).index(), part);
            }
            pushNative(slot, behind + (long) part * registers.vectorBits / 8);
            if (load) {
                own.fromMemory(code);
                registers.pop(value, part);
            } else {
                own.intoMemory(code);
            }
        }
    }

    /** Pushes all memory and an address in it. */
    private void pushNative(int slot, long offset) {
        code.getstatic(Emitter.descriptor(GlobalAccess.class), "EVERYTHING", MEMORY);
        code.lload(slot);
        if (offset != 0) {
            code.loadConstant(offset).ladd();
        }
    }

    /**
     * The local with the native address of a run's first element. An address that is not aligned is turned into one beyond every limit:
     * its low bits become the highest.
     */
    private int locateGlobal(Place place, AccessRuns.Run run) {
        int at = code.allocateLocal(TypeKind.LONG);
        Label found = code.newLabel();
        Label located = code.newLabel();
        place.pushLong(e);
        code.lstore(at);
        code.lload(at).lload(run.first).lsub().loadConstant(run.shift());
        e.call(Long.class, "rotateRight", TypeKind.LONG, TypeKind.LONG, TypeKind.INT);
        code.lload(run.limit);
        e.call(Long.class, "compareUnsigned", TypeKind.INT, TypeKind.LONG, TypeKind.LONG);
        code.iflt(found);
        code.aload(ranges).loadConstant(run.site).lload(at).loadConstant(run.elementBytes());
        code.loadConstant(run.totalBytes()).aload(e.map).lload(e.base);
        code.invokevirtual(
                RANGES,
                "find",
                MethodTypeDesc.of(
                        ConstantDescs.CD_boolean,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_byte.arrayType(),
                        ConstantDescs.CD_long));
        if (masks.isPartial()) {
            Label live = code.newLabel();
            code.ifne(live).loadConstant(-1L).lstore(at).goto_(located).labelBinding(live);
        } else {
            code.ifeq(giveUp);
        }
        reload(run);
        code.labelBinding(found);
        code.lload(at).lload(e.delta).ladd().lstore(at);
        code.labelBinding(located);
        return at;
    }

    /** From what the block knows to a run's locals. */
    private void reload(AccessRuns.Run run) {
        code.aload(ranges)
                .loadConstant(run.site)
                .invokevirtual(RANGES, "first", MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_int))
                .lstore(run.first);
        code.aload(ranges)
                .loadConstant(run.site)
                .loadConstant(run.totalBytes())
                .loadConstant(run.shift())
                .invokevirtual(
                        RANGES,
                        "limit",
                        MethodTypeDesc.of(
                                ConstantDescs.CD_long,
                                ConstantDescs.CD_int,
                                ConstantDescs.CD_int,
                                ConstantDescs.CD_int))
                .lstore(run.limit);
    }
}
