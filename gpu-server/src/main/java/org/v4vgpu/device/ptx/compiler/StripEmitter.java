package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;
import java.util.Set;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.runtime.Strips;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * Instructions of a strip that the code for one thread can't do: memory accesses side by side, arithmetic on vectors, comparisons that
 * all threads share. Registers that vary are vectors in locals of their own, the others are those of the {@link Emitter}.
 */
final class StripEmitter {
    private static final ClassDesc MEMORY = ClassDesc.of("java.lang.foreign", "MemorySegment");

    private final Emitter e;
    private final CodeBuilder code;
    private final Shapes shapes;
    private final StripRules rules;
    private final AccessRuns runs;
    private final int vectorBits;

    /** Where control goes when the strip gives up, with nothing on the stack. */
    private final Label giveUp;

    private final int[] slots;

    StripEmitter(Emitter e, Shapes shapes, StripRules rules, AccessRuns runs, int vectorBits, Label giveUp) {
        this.e = e;
        this.runs = runs;
        this.code = e.code;
        this.shapes = shapes;
        this.rules = rules;
        this.vectorBits = vectorBits;
        this.giveUp = giveUp;
        this.slots = new int[e.function.registers().size()];
        Arrays.fill(slots, -1);
    }

    /** @param plain emits what does the instruction for one thread */
    void emit(Instruction i, Runnable plain) {
        switch (rules.way(i)) {
            case SCALAR -> plain.run();
            case SPREAD -> {
                plain.run();
                spread(i.definitions().getFirst());
            }
            case WIDENED -> {
                requireWide(i, 1);
                if (!i.opcode().equals("cvt")) {
                    requireWide(i, 2);
                }
                plain.run();
            }
            case COMPARED -> compare(i);
            case MOVED -> move(i);
            case VECTOR -> compute(i);
            case NOT -> throw new IllegalStateException(i.written());
        }
    }

    // Registers

    /** The vectors of a kind that a strip takes. */
    int parts(VectorKind kind) {
        return Strips.THREADS * kind.bytes * 8 / vectorBits;
    }

    private int lanes(VectorKind kind) {
        return vectorBits / 8 / kind.bytes;
    }

    VectorKind kind(int register) {
        return VectorKind.of(e.kind(register));
    }

    /** The local of the first vector of a register; the others follow. */
    private int slot(int register) {
        if (slots[register] < 0) {
            slots[register] = code.allocateLocal(TypeKind.REFERENCE);
            for (int part = 1; part < parts(kind(register)); part++) {
                code.allocateLocal(TypeKind.REFERENCE);
            }
        }
        return slots[register];
    }

    void zero(int register) {
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

    /** Loads a register of all threads from a row. */
    void fromRow(int register, int row) {
        VectorKind kind = kind(register);
        for (int part = 0; part < parts(kind); part++) {
            kind.species(code, vectorBits);
            code.aload(row);
            pushIndex(e.thread, part * lanes(kind));
            kind.fromArray(code);
            code.astore(slot(register) + part);
        }
    }

    /** Stores a register of all threads, of any shape, to a row. */
    void intoRow(int register, int row) {
        VectorKind kind = kind(register);
        for (int part = 0; part < parts(kind); part++) {
            if (shapes.of(register).isVarying()) {
                code.aload(slot(register) + part);
            } else {
                kind.species(code, vectorBits);
                code.loadLocal(e.kind(register), e.slot(register));
                spread(kind, shapes.of(register), part);
            }
            code.aload(row);
            pushIndex(e.thread, part * lanes(kind));
            kind.intoArray(code);
        }
    }

    /** Stores the int in a local for all threads. */
    void fillRow(int value, int row) {
        for (int part = 0; part < parts(VectorKind.INT); part++) {
            VectorKind.INT.species(code, vectorBits);
            code.iload(value);
            VectorKind.INT.broadcast(code);
            code.aload(row);
            pushIndex(e.thread, part * lanes(VectorKind.INT));
            VectorKind.INT.intoArray(code);
        }
    }

    /** From the local of one thread to the vectors. */
    private void spread(int register) {
        VectorKind kind = kind(register);
        for (int part = 0; part < parts(kind); part++) {
            kind.species(code, vectorBits);
            code.loadLocal(e.kind(register), e.slot(register));
            kind.broadcast(code);
            code.astore(slot(register) + part);
        }
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
        zeroOf(kind);
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

    private void zeroOf(VectorKind kind) {
        if (kind == VectorKind.LONG) {
            code.lconst_0();
        } else {
            code.iconst_0();
        }
    }

    private void pushIndex(int local, int offset) {
        code.iload(local);
        if (offset != 0) {
            code.loadConstant(offset).iadd();
        }
    }

    /** Pushes a part of an operand as a vector of the type. */
    private void push(Instruction i, Operand operand, Type type, int part) {
        VectorKind want = VectorKind.of(RegisterKinds.of(type));
        Shape shape = shapes.of(operand);
        if (shape.isVarying() && operand instanceof Operand.Register register) {
            code.aload(slot(register.index()) + part);
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

    private void pop(Operand target, int part) {
        if (!(target instanceof Operand.Register register)) {
            throw new IllegalStateException("a strip's result goes to a register");
        }
        code.astore(slot(register.index()) + part);
    }

    // Instructions

    /** Gives up where an affine operand of 32 bits wraps within the strip. */
    private void requireWide(Instruction i, int operand) {
        Shape shape = shapes.of(i.operand(operand));
        if (!shape.isAffine()) {
            return;
        }
        Type type = i.opcode().equals("cvt") ? i.lastType() : i.type();
        e.push(i, i.operand(operand), type);
        code.loadConstant(shape.stride());
        e.call(
                Strips.class,
                type.isSigned() ? "widens" : "widensUnsigned",
                MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_int, ConstantDescs.CD_long));
        code.ifeq(giveUp);
    }

    private void compare(Instruction i) {
        String comparison = i.oneOf("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs");
        boolean unsigned = !i.type().isSigned() || Set.of("lo", "ls", "hi", "hs").contains(comparison);
        Type type = i.type();
        int result = code.allocateLocal(TypeKind.INT);
        for (int n = 1; n <= 2; n++) {
            e.push(i, i.operand(n), type);
            if (type.bits() == 32) {
                code.i2l();
                if (unsigned) {
                    code.loadConstant(0xFFFF_FFFFL).land();
                }
            }
            code.loadConstant(shapes.of(i.operand(n)).stride());
        }
        code.loadConstant(
                switch (comparison) {
                    case "eq" -> Strips.EQUAL;
                    case "ne" -> Strips.LESS | Strips.GREATER;
                    case "lt", "lo" -> Strips.LESS;
                    case "le", "ls" -> Strips.LESS | Strips.EQUAL;
                    case "gt", "hi" -> Strips.GREATER;
                    default -> Strips.GREATER | Strips.EQUAL;
                });
        e.call(
                Strips.class,
                type.bits() == 64
                        ? unsigned ? "compareUnsigned" : "compare"
                        : unsigned ? "compareUnsignedInts" : "compareInts",
                MethodTypeDesc.of(
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int));
        code.istore(result).iload(result).iflt(giveUp);
        code.iload(result);
        e.pop(i, i.operand(0), Type.PRED);
    }

    private void move(Instruction i) {
        boolean load = i.opcode().equals("ld");
        Place place = Place.of(e, i, i.operand(load ? 1 : 0));
        Operand value = i.operand(load ? 0 : 1);
        if (!rules.isBeside(i)) {
            moveApart(i, place, shapes.of(i.operand(load ? 1 : 0)).stride(), value, load);
        } else if (StripRules.space(i) == Space.SHARED) {
            moveShared(i, place, value, load);
        } else {
            moveGlobal(i, place, value, load);
        }
    }

    private void moveShared(Instruction i, Place place, Operand value, boolean load) {
        AccessRuns.Run run = runs.of(i);
        int index;
        int words = 0;
        if (run == null) {
            index = locateShared(place, 0);
        } else {
            if (run.slot < 0) {
                long least = run.least - place.constant();
                run.slot = locateShared(place.plus((int) least), (int) (run.greatest - run.least) / Integer.BYTES);
            }
            index = run.slot;
            words = (int) (place.constant() - run.least) / Integer.BYTES;
        }
        for (int part = 0; part < parts(VectorKind.INT); part++) {
            if (load) {
                VectorKind.INT.species(code, vectorBits);
            } else {
                pushBits(i, value, part);
            }
            code.aload(e.shared);
            pushIndex(index, words + part * lanes(VectorKind.INT));
            if (load) {
                VectorKind.INT.fromArray(code);
                popBits(value, VectorKind.INT, part);
            } else {
                VectorKind.INT.intoArray(code);
            }
        }
    }

    /** The local with the index of a strip's first word, behind which so many more must be there. */
    private int locateShared(Place place, int more) {
        int index = code.allocateLocal(TypeKind.INT);
        place.pushInt(e);
        code.aload(e.shared).arraylength();
        if (more != 0) {
            code.loadConstant(more).isub();
        }
        e.call(Strips.class, "index", TypeKind.INT, TypeKind.INT, TypeKind.INT);
        code.istore(index).iload(index).iflt(giveUp);
        return index;
    }

    /** Words that do not lie side by side, by way of an array. */
    private void moveApart(Instruction i, Place place, long stride, Operand value, boolean load) {
        int between = e.field("strip", Emitter.INTS);
        if (!load) {
            moveBetween(i, value, between, false);
        }
        boolean shared = StripRules.space(i) == Space.SHARED;
        if (shared) {
            place.pushInt(e);
            code.i2l();
        } else {
            place.pushLong(e);
        }
        code.loadConstant(stride);
        if (shared) {
            code.aload(e.shared).aload(between);
            e.call(
                    Strips.class,
                    load ? "gather" : "scatter",
                    MethodTypeDesc.of(
                            ConstantDescs.CD_boolean,
                            ConstantDescs.CD_long,
                            ConstantDescs.CD_long,
                            Emitter.INTS,
                            Emitter.INTS));
        } else {
            code.aload(e.map).lload(e.base).lload(e.delta).aload(between);
            e.call(
                    Strips.class,
                    load ? "gatherGlobal" : "scatterGlobal",
                    MethodTypeDesc.of(
                            ConstantDescs.CD_boolean,
                            ConstantDescs.CD_long,
                            ConstantDescs.CD_long,
                            ConstantDescs.CD_byte.arrayType(),
                            ConstantDescs.CD_long,
                            ConstantDescs.CD_long,
                            Emitter.INTS));
        }
        code.ifeq(giveUp);
        if (load) {
            moveBetween(i, value, between, true);
        }
    }

    private void moveBetween(Instruction i, Operand value, int between, boolean load) {
        for (int part = 0; part < parts(VectorKind.INT); part++) {
            if (load) {
                VectorKind.INT.species(code, vectorBits);
            } else {
                pushBits(i, value, part);
            }
            code.aload(between).loadConstant(part * lanes(VectorKind.INT));
            if (load) {
                VectorKind.INT.fromArray(code);
                popBits(value, VectorKind.INT, part);
            } else {
                VectorKind.INT.intoArray(code);
            }
        }
    }

    private void moveGlobal(Instruction i, Place place, Operand value, boolean load) {
        VectorKind kind = i.type().bytes() == 8 ? VectorKind.LONG : VectorKind.INT;
        AccessRuns.Run run = runs.of(i);
        int at;
        long behind = 0;
        if (run == null) {
            at = locateGlobal(place, kind.bytes, 0);
        } else {
            if (run.slot < 0) {
                long least = run.least - place.constant();
                run.slot = locateGlobal(place.plus((int) least), kind.bytes, (int) (run.greatest - run.least));
            }
            at = run.slot;
            behind = place.constant() - run.least;
        }
        VectorKind own =
                value instanceof Operand.Register register && shapes.of(value).isVarying()
                        ? kind(register.index())
                        : kind;
        for (int part = 0; part < parts(kind); part++) {
            if (load) {
                own.species(code, vectorBits);
            } else if (own == kind) {
                pushBits(i, value, part);
            } else {
                code.aload(slot(((Operand.Register) value).index()) + part);
            }
            code.getstatic(Emitter.descriptor(GlobalAccess.class), "EVERYTHING", MEMORY);
            code.lload(at);
            long offset = behind + (long) part * vectorBits / 8;
            if (offset != 0) {
                code.loadConstant(offset).ladd();
            }
            if (load) {
                own.fromMemory(code);
                pop(value, part);
            } else {
                own.intoMemory(code);
            }
        }
    }

    /** The local with the native address of a strip's first element, behind which so many more bytes must be there. */
    private int locateGlobal(Place place, int bytes, int more) {
        int at = code.allocateLocal(TypeKind.LONG);
        place.pushLong(e);
        code.loadConstant(bytes)
                .loadConstant(bytes * (Strips.THREADS - 1) + more)
                .aload(e.map)
                .lload(e.base)
                .lload(e.delta);
        e.call(
                Strips.class,
                "locate",
                MethodTypeDesc.of(
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_byte.arrayType(),
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long));
        code.lstore(at).lload(at).lconst_0().lcmp().ifeq(giveUp);
        return at;
    }

    /** Pushes a part of a value as lanes of bits. */
    private void pushBits(Instruction i, Operand value, int part) {
        push(i, value, i.type().bytes() == 8 ? Type.B64 : Type.B32, part);
    }

    private void popBits(Operand target, VectorKind kind, int part) {
        if (target instanceof Operand.Register register) {
            kind.reinterpretAs(code, kind(register.index()));
        }
        pop(target, part);
    }

    private void compute(Instruction i) {
        Type type = i.type();
        VectorKind kind = VectorKind.of(RegisterKinds.of(type));
        for (int part = 0; part < parts(kind); part++) {
            if (i.opcode().equals("selp")) {
                select(i, type, part);
                popBits(i.operand(0), kind, part);
            } else {
                compute(i, type, kind, part);
                popBits(i.operand(0), kind, part);
            }
        }
    }

    /** By a predicate that all threads share. */
    private void select(Instruction i, Type type, int part) {
        Label second = code.newLabel();
        Label end = code.newLabel();
        e.push(i, 3, Type.PRED);
        code.ifeq(second);
        push(i, i.operand(1), type, part);
        code.goto_(end).labelBinding(second);
        push(i, i.operand(2), type, part);
        code.labelBinding(end);
    }

    private void compute(Instruction i, Type type, VectorKind kind, int part) {
        push(i, i.operand(1), i.opcode().equals("cvt") ? Type.S32 : type, part);
        switch (i.opcode()) {
            case "mov" -> {}
            case "cvt" -> {
                code.getstatic(VectorKind.OPERATORS, "I2F", VectorKind.CONVERSION)
                        .iconst_0();
                code.invokevirtual(
                        VectorKind.VECTOR,
                        "convert",
                        MethodTypeDesc.of(VectorKind.VECTOR, VectorKind.CONVERSION, ConstantDescs.CD_int));
                code.checkcast(kind.type);
            }
            case "neg", "abs", "sqrt" -> kind.unary(code, i.opcode());
            case "add", "sub", "mul", "div" -> {
                push(i, i.operand(2), type, part);
                kind.binary(code, i.opcode());
            }
            case "fma", "mad" -> {
                push(i, i.operand(2), type, part);
                if (type.isFloat()) {
                    push(i, i.operand(3), type, part);
                    kind.fma(code);
                } else {
                    kind.binary(code, "mul");
                    push(i, i.operand(3), type, part);
                    kind.binary(code, "add");
                }
            }
            default -> {
                String operator = switch (i.opcode()) {
                    case "and" -> "AND";
                    case "or" -> "OR";
                    case "xor" -> "XOR";
                    case "shl" -> "LSHL";
                    case "shr" -> type.isSigned() ? "ASHR" : "LSHR";
                    default -> throw e.refusal(i, "not an instruction of strips");
                };
                boolean associative = operator.length() < 4;
                code.getstatic(
                        VectorKind.OPERATORS,
                        operator,
                        associative ? VectorKind.OPERATORS.nested("Associative") : VectorKind.BINARY);
                push(i, i.operand(2), type, part);
                kind.lanewise(code);
            }
        }
    }
}
