package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.util.Arrays;
import org.v4vgpu.device.ptx.runtime.FloatMath;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * The registers of a strip. Those that vary are vectors in locals of their own, as many as a strip takes; the others are the locals of the
 * {@link Emitter}, with the first thread's value.
 */
final class StripRegisters {
    /** Of a strip. */
    final int threads;

    /** The bits of all threads. */
    final int all;

    final int vectorBits;

    private final Emitter e;
    private final CodeBuilder code;
    private final Shapes shapes;
    private final StripMasks masks;
    private final int[] slots;

    StripRegisters(Emitter e, Shapes shapes, StripMasks masks, int vectorBits, int threads) {
        this.threads = threads;
        this.all = allOf(threads);
        this.masks = masks;
        this.e = e;
        this.code = e.code;
        this.shapes = shapes;
        this.vectorBits = vectorBits;
        this.slots = new int[e.function.registers().size()];
        Arrays.fill(slots, -1);
    }

    /** The bits of so many threads. */
    static int allOf(int threads) {
        return -1 >>> -threads;
    }

    /** The vectors of a kind that a strip takes. */
    int parts(VectorKind kind) {
        return threads * kind.bytes * 8 / vectorBits;
    }

    int lanes(VectorKind kind) {
        return vectorBits / 8 / kind.bytes;
    }

    VectorKind kind(int register) {
        return VectorKind.of(e.kind(register));
    }

    /** The local of the first vector of a register; the others follow. */
    int slot(int register) {
        if (slots[register] < 0) {
            slots[register] = code.allocateLocal(TypeKind.REFERENCE);
            for (int part = 1; part < parts(kind(register)); part++) {
                code.allocateLocal(TypeKind.REFERENCE);
            }
        }
        return slots[register];
    }

    /** Whether it is a predicate that varies: a bit for each thread, in the local that one thread has for it. */
    boolean isMask(int register) {
        return e.type(register) == Type.PRED && shapes.of(register).isVarying();
    }

    /** Pushes such a predicate, or one that all share, as bits. */
    void pushBits(int register) {
        code.iload(e.slot(register));
        if (!isMask(register)) {
            code.ineg().loadConstant(all).iand();
        }
    }

    /** Pushes such bits as the mask of a part. */
    void pushMask(int register, VectorKind kind, int part) {
        kind.species(code, vectorBits);
        pushBits(register);
        code.loadConstant(part * lanes(kind)).iushr().i2l();
        VectorKind.maskOfBits(code);
    }

    void zero(int register) {
        if (isMask(register)) {
            e.zero(register);
            return;
        }
        VectorKind kind = kind(register);
        for (int part = 0; part < parts(kind); part++) {
            kind.species(code, vectorBits);
            switch (kind) {
                case INT -> code.iconst_0();
                case LONG -> code.lconst_0();
                case FLOAT -> code.fconst_0();
                case DOUBLE -> code.dconst_0();
            }
            kind.broadcast(code);
            code.astore(slot(register) + part);
        }
    }

    /** Loads a register of all threads from a row, from an index on. */
    void fromRow(int register, int row, Runnable index) {
        VectorKind kind = kind(register);
        if (isMask(register)) {
            code.iconst_0().istore(e.slot(register));
            for (int part = 0; part < parts(kind); part++) {
                kind.species(code, vectorBits);
                code.aload(row);
                index.run();
                add(part * lanes(kind));
                kind.fromArray(code);
                kind.species(code, vectorBits);
                code.iconst_0();
                kind.broadcast(code);
                kind.compare(code, "NE");
                popMask(register, kind, part);
            }
            return;
        }
        for (int part = 0; part < parts(kind); part++) {
            kind.species(code, vectorBits);
            code.aload(row);
            index.run();
            add(part * lanes(kind));
            kind.fromArray(code);
            code.astore(slot(register) + part);
        }
    }

    /** Stores a register of all threads, of any shape, to a row, from an index on. */
    void intoRow(int register, int row, Runnable index) {
        VectorKind kind = kind(register);
        for (int part = 0; part < parts(kind); part++) {
            if (isMask(register)) {
                kind.species(code, vectorBits);
                code.iconst_0();
                kind.broadcast(code);
                kind.species(code, vectorBits);
                code.iconst_1();
                kind.broadcast(code);
                pushMask(register, kind, part);
                kind.blend(code);
            } else if (shapes.of(register).isVarying()) {
                code.aload(slot(register) + part);
            } else {
                kind.species(code, vectorBits);
                code.loadLocal(e.kind(register), e.slot(register));
                spread(kind, shapes.of(register), part);
            }
            code.aload(row);
            index.run();
            add(part * lanes(kind));
            kind.intoArray(code);
        }
    }

    /** From the local of one thread to the vectors. */
    void spread(int register) {
        VectorKind kind = kind(register);
        if (isMask(register)) {
            code.iload(e.slot(register)).ineg().loadConstant(all).iand().istore(e.slot(register));
            return;
        }
        for (int part = 0; part < parts(kind); part++) {
            kind.species(code, vectorBits);
            code.loadLocal(e.kind(register), e.slot(register));
            kind.broadcast(code);
            popVector(register, part);
        }
    }

    /** Pushes a part of an operand as a vector of the type. */
    void push(Instruction i, Operand operand, Type type, int part) {
        VectorKind want = VectorKind.of(RegisterKinds.of(type));
        Shape shape = shapes.of(operand);
        if (shape.isVarying() && operand instanceof Operand.Register register) {
            pushVector(i, register.index(), part);
            kind(register.index()).reinterpretAs(code, want);
            return;
        }
        if (shape.isAffine() && want != VectorKind.INT && want != VectorKind.LONG) {
            // Bits of integers where floats are moved.
            push(i, operand, type.bits() == 64 ? Type.B64 : Type.B32, part);
            VectorKind.of(type.bits() == 64 ? TypeKind.LONG : TypeKind.INT).reinterpretAs(code, want);
            return;
        }
        want.species(code, vectorBits);
        e.push(i, operand, type);
        spread(want, shape, part);
    }

    /** Pushes a part of a register that varies, as an instruction sees it. */
    void pushVector(Instruction i, int register, int part) {
        code.aload(slot(register) + part);
        if (e.isNanSeen(i, register)) {
            canonicalNans();
        }
    }

    /** Gives the NaNs among the floats on the stack the pattern of results. */
    void canonicalNans() {
        int floats = code.allocateLocal(TypeKind.REFERENCE);
        code.astore(floats).aload(floats);
        VectorKind.INT.species(code, vectorBits);
        code.loadConstant(FloatMath.NAN_BITS);
        VectorKind.INT.broadcast(code);
        VectorKind.INT.reinterpretAs(code, VectorKind.FLOAT);
        code.aload(floats).aload(floats);
        VectorKind.FLOAT.compare(code, "NE");
        VectorKind.FLOAT.blend(code);
    }

    /** Pushes a part of a value as lanes of bits. */
    void pushBits(Instruction i, Operand value, int part) {
        push(i, value, i.type().bytes() == 8 ? Type.B64 : Type.B32, part);
    }

    void pop(Operand target, int part) {
        if (!(target instanceof Operand.Register register)) {
            throw new IllegalStateException("a strip's result goes to a register");
        }
        popVector(register.index(), part);
    }

    /** Pops the vector of a part; threads that do not run the block at hand keep theirs. */
    private void popVector(int register, int part) {
        if (masks.isMerged(register)) {
            VectorKind kind = kind(register);
            code.aload(slot(register) + part).swap();
            kind.species(code, vectorBits);
            masks.pushRunning();
            code.loadConstant(part * lanes(kind)).iushr().i2l();
            VectorKind.maskOfBits(code);
            kind.blend(code);
        }
        code.astore(slot(register) + part);
    }

    /** Adds the bits of a part's mask to a predicate whose bits of that part are 0. */
    void popMask(int register, VectorKind kind, int part) {
        VectorKind.bitsOfMask(code);
        code.l2i().loadConstant(part * lanes(kind)).ishl();
        code.iload(e.slot(register)).ior().istore(e.slot(register));
    }

    /** Pops lanes of a kind, whatever kind the register has. */
    void popBits(Operand target, VectorKind kind, int part) {
        if (target instanceof Operand.Register register) {
            kind.reinterpretAs(code, kind(register.index()));
        }
        pop(target, part);
    }

    /** From species and the first thread's value to the vector of a part. */
    private void spread(VectorKind kind, Shape shape, int part) {
        if (!shape.isAffine()) {
            kind.broadcast(code);
            return;
        }
        long first = shape.stride() * part * lanes(kind);
        boolean wide = kind == VectorKind.LONG;
        if (first != 0 && wide) {
            code.loadConstant(first).ladd();
        } else if (first != 0) {
            code.loadConstant((int) first).iadd();
        }
        kind.broadcast(code);
        if (Math.abs(shape.stride()) <= 1 << 20) {
            code.loadConstant((int) shape.stride());
            kind.addIndex(code);
            return;
        }
        kind.species(code, vectorBits);
        if (wide) {
            code.lconst_0();
        } else {
            code.iconst_0();
        }
        kind.broadcast(code);
        code.iconst_1();
        kind.addIndex(code);
        kind.species(code, vectorBits);
        if (wide) {
            code.loadConstant(shape.stride());
        } else {
            code.loadConstant((int) shape.stride());
        }
        kind.broadcast(code);
        kind.binary(code, "mul");
        kind.binary(code, "add");
    }

    private void add(int offset) {
        if (offset != 0) {
            code.loadConstant(offset).iadd();
        }
    }
}
